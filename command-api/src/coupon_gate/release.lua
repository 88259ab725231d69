-- The claim came to nothing: the place is free again, unless it was already, or everything was rebuilt.
-- With a command, remember that its answer is in the log: its repeat is answered from there.
--
-- KEYS: members, count, pending, refusals. ARGV: user, command or '', how long (ms), how many at most.
if ARGV[2] ~= '' and redis.call('HLEN', KEYS[4]) < tonumber(ARGV[4]) then
    redis.call('HSET', KEYS[4], ARGV[2], 'log')
    redis.call('PEXPIRE', KEYS[4], ARGV[3])
end
if redis.call('ZREM', KEYS[3], ARGV[1]) == 0 then
    return 0
end
redis.call('SREM', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 then
    redis.call('INCR', KEYS[2])
end
return 1
