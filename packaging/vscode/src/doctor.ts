// Runs `beadline doctor` as a program, which says what is wrong also where no server runs. Knows no
// window.
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import type { Cancellation } from './install';
import type { DoctorReport } from './protocol';

/** It loads the model. */
const TIMEOUT_MS = 5 * 60_000;

/** What the program says of this machine. Rejects when it says nothing. */
export function examine(
  program: string,
  environment: Record<string, string>,
  token: Cancellation,
): Promise<DoctorReport> {
  const options = {
    cwd: homedir(),
    env: { ...process.env, ...environment },
    timeout: TIMEOUT_MS,
    windowsHide: true,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(program, ['doctor'], options, (error, stdout, stderr) => {
      cancelled.dispose();
      const text = `${stdout}${stderr}`.trim();
      if (text) resolve({ ok: !error, text });
      else reject(error ?? new Error('beadline doctor said nothing'));
    });
    const cancelled = token.onCancellationRequested(() => child.kill());
  });
}
