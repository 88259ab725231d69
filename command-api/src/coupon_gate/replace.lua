-- Puts what the log says in place of what is here, at once. The members were gathered under another name,
-- in as many steps as they needed.
--
-- Not when more holders are confirmed here than the caller knows of: then coupons were issued since it read the
-- log, and it would forget them. It reads again, and tells how many it was told of before: if the log still has
-- fewer, it is Redis that is wrong. Returns 0, or how many are confirmed when nothing was replaced.
--
-- KEYS: members, count, pending, gathered. ARGV: how many were gathered, how many coupons are left, how
-- long all of it is kept (ms), how many confirmed holders may be here.
if redis.call('SCARD', KEYS[4]) ~= tonumber(ARGV[1]) then
    return redis.error_reply('GATHERED some of the members are gone')
end
local confirmed = redis.call('SCARD', KEYS[1]) - redis.call('ZCARD', KEYS[3])
if confirmed > tonumber(ARGV[4]) then
    redis.call('UNLINK', KEYS[4])
    return confirmed
end
redis.call('UNLINK', KEYS[1], KEYS[3])
if tonumber(ARGV[1]) > 0 then
    redis.call('RENAME', KEYS[4], KEYS[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 0
