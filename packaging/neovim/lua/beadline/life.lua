-- Brings a server that was killed or crashed back to the buffers it served. Knows no protocol.

local status = require('beadline.status')

local M = {}

local WAIT_MS = 500
--- A server that dies more often than this within the time below is left alone.
local MOST_DEATHS = 3
local WITHIN_MS = 5 * 60 * 1000
local TERMINATED = 15 -- the signal by which Neovim and users end a process on purpose

local served = {} -- by client: the set of its buffers
local restarting = {} -- the set of clients that were told to end and are to be started anew
local gone = {} -- the set of clients whose process has ended
local deaths = {} -- times of the newest ones, in ms

--- A client serves a buffer.
function M.attached(client_id, bufnr)
  served[client_id] = served[client_id] or {}
  served[client_id][bufnr] = true
end

--- A client does not serve a buffer any more.
function M.detached(client_id, bufnr)
  if served[client_id] then
    served[client_id][bufnr] = nil
  end
end

--- A client is being told to end, and is to be started anew.
function M.restarts(client_id)
  restarting[client_id] = true
end

--- Whether nothing more is to be expected of a client, whatever it says itself.
function M.is_ending(client_id)
  return gone[client_id] or restarting[client_id] or false
end

local function start_again(bufnrs, start)
  for _, bufnr in ipairs(bufnrs) do
    if vim.api.nvim_buf_is_valid(bufnr) then
      start(bufnr)
    end
  end
end

local function died(bufnrs, code, signal, start)
  local now = vim.uv.now()
  table.insert(deaths, now)
  while now - deaths[1] > WITHIN_MS do
    table.remove(deaths, 1)
  end
  if #bufnrs == 0 or #deaths > MOST_DEATHS then
    local message = 'beadline: the server ended (code %d, signal %d) and is not started again. '
      .. 'See :Beadline doctor and :Beadline log; :Beadline restart tries once more.'
    vim.notify(message:format(code, signal), vim.log.levels.ERROR)
    return
  end
  vim.defer_fn(function()
    start_again(bufnrs, start)
  end, WAIT_MS)
end

--- A server's process has ended. `start` is given each buffer that is to be served again. Called
--- where nothing of Neovim may be touched, and before the buffers are detached.
function M.ended(code, signal, client_id, start)
  local bufnrs = vim.tbl_keys(served[client_id] or {})
  local wanted = restarting[client_id]
  served[client_id], restarting[client_id] = nil, nil
  gone[client_id] = true
  vim.schedule(function()
    status.forget(client_id)
    if vim.v.exiting ~= vim.NIL then
      return
    end
    if wanted then
      deaths = {}
      start_again(bufnrs, start)
    elseif (code ~= 0 or signal ~= 0) and signal ~= TERMINATED then
      died(bufnrs, code, signal, start)
    end
  end)
end

return M
