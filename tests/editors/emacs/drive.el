;;; drive.el --- What the tests let Emacs do  -*- lexical-binding: t -*-

;;; Commentary:

;; Knows no server.  The settings here keep Emacs from asking questions and from files of its
;; user; what a user has to write stands in the files beside it.

;;; Code:

(require 'json)
(require 'seq)

(setq make-backup-files nil
      auto-save-default nil
      create-lockfiles nil
      native-comp-jit-compilation nil
      ;; What it would compile with lies elsewhere than where it looks.
      native-comp-enable-subr-trampolines nil
      enable-local-variables nil)

;; lsp-mode: no other server, no question which folder is the project's, nothing that is kept.
(setq lsp-client-packages nil
      lsp-auto-guess-root t
      lsp-restart 'ignore
      lsp-enable-suggest-server-download nil
      lsp-enable-file-watchers nil
      lsp-session-file (expand-file-name "lsp-session" temporary-file-directory))

(defun drive-encoded (value)
  "VALUE as JSON that no quoting on the way can change."
  (base64-encode-string (encode-coding-string (json-encode value) 'utf-8) t))

(defun drive-go-behind (line)
  "Put the cursor behind the first line that is LINE."
  (goto-char (point-min))
  (re-search-forward (concat "^" (regexp-quote line) "$")))

(defun drive-text ()
  "The buffer's text."
  (buffer-substring-no-properties (point-min) (point-max)))

(defun drive-lsp-ready ()
  "Whether lsp-mode has initialized a server for this buffer."
  (and (seq-some (lambda (workspace) (eq 'initialized (lsp--workspace-status workspace)))
                 (lsp-workspaces))
       t))

(defun drive-lsp-items ()
  "Ask as `lsp-inline-completion-display' does; the items."
  (let ((answer (lsp-request "textDocument/inlineCompletion"
                             (plist-put (lsp--text-document-position-params)
                                        :context '(:triggerKind 2)))))
    (append (gethash "items" answer) nil)))

(defun drive-lsp-take (item)
  "Insert ITEM as `lsp-inline-completion-accept' does, its command included."
  (let ((range (gethash "range" item)))
    (goto-char (lsp--position-to-point (gethash "start" range)))
    (delete-region (point) (lsp--position-to-point (gethash "end" range)))
    (insert (gethash "insertText" item))
    (lsp--execute-command (gethash "command" item))))

(defun drive-eglot-connect ()
  "Start the server that eglot has for this buffer."
  (require 'eglot)
  (eglot-ensure)
  ;; eglot waits for the next command, which never comes here.
  (run-hooks 'post-command-hook))

(provide 'drive)
;;; drive.el ends here
