-- Drives neovim in server/test/neovim.test.ts: waits for diagnostics, replays, takes the first fix, saves, and waits until the file is clean.
-- The client itself is the snippet of docs/other-editors.md. Answers with one JSON line in the file $RESULT.

local result = { messages = {} }

local function finish(failure)
  result.failure = failure
  local file = assert(io.open(os.getenv('RESULT'), 'w'))
  file:write(vim.json.encode(result))
  file:close()
  vim.cmd(failure and 'cquit' or 'qall!')
end

local function wait_for(what, is_there)
  if not vim.wait(60000, is_there, 20) then finish('waited in vain for ' .. what) end
end

local function messages()
  return vim.tbl_map(function(diagnostic) return diagnostic.message end, vim.diagnostic.get(0))
end

local started = vim.loop.hrtime()
local function elapsed() return math.floor((vim.loop.hrtime() - started) / 1e6) end

local ok, failure = pcall(function()
  vim.cmd('edit ' .. os.getenv('FILE'))
  local buffer = vim.api.nvim_get_current_buf()
  wait_for('a verdict', function() return table.concat(messages(), '\n'):find('\nconfirmed', 1, true) ~= nil end)
  result.verdict_ms = elapsed()
  result.messages = messages()

  local diagnostic = vim.diagnostic.get(0)[1]
  vim.api.nvim_win_set_cursor(0, { diagnostic.lnum + 1, diagnostic.col })
  vim.cmd('QuiesceReplay')
  wait_for('the replay', function() return vim.api.nvim_get_current_buf() ~= buffer and vim.fn.line('$') > 1 end)
  result.replay = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  vim.cmd('close')

  vim.ui.select = function(items, _, on_choice)
    result.actions = vim.tbl_map(function(item) return item[2].title end, items)
    on_choice(items[1], 1)
  end
  vim.lsp.buf.code_action()
  wait_for('a clean buffer', function() return vim.bo[buffer].modified and #vim.diagnostic.get(buffer) == 0 end)
  vim.cmd('wall')
  result.clean_ms = elapsed()
  -- What comes late would come now.
  vim.wait(300, function() return false end)
  result.left = messages()
end)
finish(not ok and tostring(failure) or nil)
