-- Remembers a refusal, so that a repeat of the same command gets the same bytes. The first one stays.
--
-- KEYS: refusals. ARGV: command, refusal, how long (ms), how many at most.
local told = redis.call('HGET', KEYS[1], ARGV[1])
if told then
    return told
end
if redis.call('HLEN', KEYS[1]) < tonumber(ARGV[4]) then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return ''
