-- The load: one prepared request, sent again and again. Arguments after `--`: the body, then `check` to compare the
-- text of every answer (slow; for the warm-up) or `measure`, then the text that an answer must contain.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  wrong = 0
  wrk.method = "POST"
  wrk.body = args[1]
  wrk.headers["Content-Type"] = "application/json"
  if args[2] == "check" then
    local expected = args[3]
    response = function(status, headers, body)
      if status ~= 200 or not body:find(expected, 1, true) then
        wrong = wrong + 1
      end
    end
  end
end

function done(summary, latency, requests)
  local wrong = 0
  for _, thread in ipairs(threads) do
    wrong = wrong + (thread:get("wrong") or 0)
  end
  local errors = summary.errors
  io.write(string.format(
    'load-result {"requests":%d,"durationUs":%d,"bytes":%d,"p50Us":%d,"p90Us":%d,"p99Us":%d,"maxUs":%d,' ..
      '"wrong":%d,"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max,
    wrong, errors.connect, errors.read, errors.write, errors.status, errors.timeout
  ))
end
