-- :Beadline and what its words do. Knows the server's commands by name, and no suggestion.

local client_of = require('beadline.client')
local config = require('beadline.config')
local reports = require('beadline.reports')
local status = require('beadline.status')
local window = require('beadline.window')

local M = {}

local TRAIN = 'beadline.train'

--- Run a command of the server and hand its answer on; tells the user if there is no server.
local function ask(command, arguments, done)
  local client = client_of.find(vim.api.nvim_get_current_buf())
  if not client then
    client_of.notify('no server runs here; see :checkhealth beadline.', vim.log.levels.WARN)
  elseif not client_of.offers(client, command) then
    client_of.notify('this server does not have that; a newer one may.', vim.log.levels.WARN)
  else
    client_of.execute(client, command, arguments, done)
  end
end

--- The current file's URI as arguments of a command; none for a buffer without a name.
local function document()
  local bufnr = vim.api.nvim_get_current_buf()
  if vim.api.nvim_buf_get_name(bufnr) == '' or vim.bo[bufnr].buftype ~= '' then
    return nil
  end
  return { vim.uri_from_bufnr(bufnr) }
end

local function tell(answer)
  client_of.notify(answer.message)
end

--- Run beadline beside the server; `done` is given its exit code and what it said.
local function run(arguments, done)
  local line = config.command_line(unpack(arguments))
  if not line or not client_of.is_program(line) then
    client_of.notify('the program was not found; see :checkhealth beadline.', vim.log.levels.ERROR)
    return
  end
  vim.system(line, { text = true }, function(result)
    vim.schedule(function()
      done(result.code, vim.trim((result.stdout or '') .. '\n' .. (result.stderr or '')))
    end)
  end)
end

local function use_model(value)
  run({ 'config', 'set', 'engine.model', value }, function(code, said)
    if code ~= 0 then
      client_of.notify(said, vim.log.levels.ERROR)
      return
    end
    client_of.notify(('the server starts anew with %s.'):format(value))
    client_of.restart()
  end)
end

local function choose_model(answer)
  if #answer.models == 0 then
    client_of.notify(('there is no model in %s.'):format(answer.folder), vim.log.levels.WARN)
    return
  end
  local options = { prompt = 'Model', format_item = reports.model }
  vim.ui.select(answer.models, options, function(model)
    if model and model.problem ~= '' then
      client_of.notify(model.problem, vim.log.levels.ERROR)
    elseif model and not model.configured then
      use_model(model.value)
    end
  end)
end

local function stop_tuning()
  local client = client_of.find(vim.api.nvim_get_current_buf())
  local tokens = client and status.cancellable(client.id) or {}
  for token in pairs(tokens) do
    client_of.tell(client, 'window/workDoneProgress/cancel', { token = token })
  end
  if vim.tbl_isempty(tokens) then
    client_of.notify('nothing is being tuned.')
  end
end

local COMMANDS = {}

function COMMANDS.toggle()
  ask('beadline.toggle', nil, tell)
end

function COMMANDS.snooze(minutes)
  if minutes and not tonumber(minutes) then
    client_of.notify('snooze takes a number of minutes.', vim.log.levels.ERROR)
    return
  end
  ask('beadline.snooze', minutes and { tonumber(minutes) }, tell)
end

function COMMANDS.status()
  vim.notify(status.sentences())
end

function COMMANDS.model(value)
  if value then
    use_model(value)
  else
    ask('beadline.models', nil, choose_model)
  end
end

function COMMANDS.index()
  ask('beadline.indexStatus', nil, function(answer)
    window.show('index', reports.index(answer))
  end)
end

function COMMANDS.tune(word)
  if word == 'stop' then
    stop_tuning()
    return
  end
  ask(TRAIN, document(), function()
    client_of.notify('tuning has begun; :Beadline status says how far.')
  end)
end

function COMMANDS.prompt()
  ask('beadline.lastPrompt', document(), function(answer)
    if answer then
      window.show('prompt', reports.prompt(answer))
    else
      client_of.notify('there was no suggestion here yet.')
    end
  end)
end

function COMMANDS.stats(days)
  if days and not tonumber(days) then
    client_of.notify('stats takes a number of days.', vim.log.levels.ERROR)
    return
  end
  ask('beadline.statistics', days and { tonumber(days) }, function(answer)
    window.show('stats', reports.statistics(answer))
  end)
end

function COMMANDS.log()
  vim.cmd.tabnew(vim.fn.fnameescape(require('vim.lsp.log').get_filename()))
  vim.cmd.normal({ 'G', bang = true })
end

function COMMANDS.doctor()
  client_of.notify('looking; this takes some seconds.')
  -- Not the server's own: it may be the one that does not start.
  run({ 'doctor' }, function(_, said)
    window.show('doctor', vim.split(said, '\n', { plain = true }))
  end)
end

function COMMANDS.restart()
  client_of.restart()
end

function COMMANDS.accept(part)
  local known = require('beadline.accept').PARTS
  if part and not vim.tbl_contains(known, part) then
    local expected = table.concat(known, ', ')
    client_of.notify(('accept takes one of %s.'):format(expected), vim.log.levels.ERROR)
    return
  end
  require('beadline').accept(part)
end

--- Words that may come second, by the first.
local SECOND = { accept = { 'all', 'line', 'word' }, tune = { 'stop' } }

--- What can be said now: a server that cannot tune is not asked to.
local function offered()
  local client = client_of.find(vim.api.nvim_get_current_buf())
  local found = vim.tbl_filter(function(name)
    return name ~= 'tune' or (client ~= nil and client_of.offers(client, TRAIN))
  end, vim.tbl_keys(COMMANDS))
  table.sort(found)
  return found
end

--- Run what was typed behind :Beadline.
function M.run(words)
  local name = words[1] or 'status'
  local command = COMMANDS[name]
  if not command then
    local known = table.concat(offered(), ', ')
    client_of.notify(('unknown word %q; known are %s.'):format(name, known), vim.log.levels.ERROR)
    return
  end
  command(words[2])
end

--- Words that could stand where `lead` begins.
function M.complete(lead, line)
  local before = vim.split(vim.trim(line:sub(1, #line - #lead)), '%s+')
  local candidates = #before == 1 and offered() or #before == 2 and SECOND[before[2]] or {}
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, candidates)
end

return M
