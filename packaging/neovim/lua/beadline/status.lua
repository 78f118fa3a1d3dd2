-- Keeps what the server last said it does, and puts it into a few words. Knows no request.

local M = {}

local WORDS = { starting = 'loading', working = 'working', off = 'off', error = 'error' }

local told = {} -- by client: the params of its last `beadline/status`
local running = {} -- by client: by token: what is under way, as `$/progress` told it

local function changed()
  vim.api.nvim_exec_autocmds('User', { pattern = 'BeadlineStatus', modeline = false })
  vim.cmd.redrawstatus()
end

--- `beadline/status` of a server.
function M.set(client_id, params)
  told[client_id] = params
  changed()
end

--- `$/progress` of a server.
function M.progress(client_id, params)
  if type(params) ~= 'table' or type(params.value) ~= 'table' then
    return
  end
  local tasks = running[client_id] or {}
  running[client_id] = tasks
  if params.value.kind == 'end' then
    tasks[params.token] = nil
  else
    tasks[params.token] = vim.tbl_extend('force', tasks[params.token] or {}, params.value)
  end
  changed()
end

--- The server has ended.
function M.forget(client_id)
  told[client_id], running[client_id] = nil, nil
  changed()
end

--- What the server said last: see `beadline/status` in the description of the protocol. Nil if no
--- server runs, or none has said anything yet.
function M.get()
  local newest = nil
  for client_id in pairs(told) do
    newest = math.max(newest or client_id, client_id)
  end
  return newest and told[newest]
end

--- Tokens of what the server does and can be told to give up: by token, its title.
function M.cancellable(client_id)
  local found = {}
  for token, task in pairs(running[client_id] or {}) do
    if task.cancellable then
      found[token] = task.title or ''
    end
  end
  return found
end

local function tasks_text()
  local texts = {}
  for _, tasks in pairs(running) do
    for _, task in pairs(tasks) do
      local title = (task.title or ''):gsub('^beadline: *', '')
      local share = task.percentage and (' %d%%'):format(task.percentage) or ''
      table.insert(texts, title .. share)
    end
  end
  table.sort(texts)
  return table.concat(texts, ', ')
end

--- A few words for a statusline; empty where no server runs.
function M.text()
  local now = M.get()
  if not now then
    return ''
  end
  local words = { 'beadline:', WORDS[now.state] or now.model or now.state }
  if now.state == 'snoozed' then
    local time = type(now['until']) == 'string' and now['until']:match('T(%d%d:%d%d)')
    words[2] = time and 'off until ' .. time or 'snoozed'
  elseif now.state == 'ready' and now.latencyMs then
    table.insert(words, ('%.0f ms'):format(now.latencyMs))
  end
  local tasks = tasks_text()
  if tasks ~= '' and now.state ~= 'starting' then
    table.insert(words, '(' .. tasks .. ')')
  end
  return table.concat(words, ' ')
end

--- The same in whole sentences.
function M.sentences()
  local now = M.get()
  if not now then
    return 'beadline: no server runs here.'
  end
  local sentences = { 'beadline: ' .. (now.message or now.state) }
  if now.model then
    table.insert(sentences, ('Model: %s.'):format(now.model))
  end
  if now.latencyMs then
    table.insert(sentences, ('The last suggestion took %.0f ms.'):format(now.latencyMs))
  end
  local tasks = tasks_text()
  if tasks ~= '' then
    table.insert(sentences, ('Under way: %s.'):format(tasks))
  end
  return table.concat(sentences, ' ')
end

return M
