-- Puts what the log says in place of what is here, at once. The members were gathered under another name,
-- in as many steps as they needed.
--
-- KEYS: members, count, pending, gathered. ARGV: how many were gathered, how many coupons are left, how
-- long all of it is kept (ms).
if redis.call('SCARD', KEYS[4]) ~= tonumber(ARGV[1]) then
    return redis.error_reply('GATHERED some of the members are gone')
end
redis.call('UNLINK', KEYS[1], KEYS[3])
if tonumber(ARGV[1]) > 0 then
    redis.call('RENAME', KEYS[4], KEYS[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
