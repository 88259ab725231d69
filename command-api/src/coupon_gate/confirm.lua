-- The log has a coupon of this user: the claim is no longer under way, and the user is counted once, also
-- when the set and the counter were rebuilt from the log a moment before the coupon was issued.
--
-- KEYS: members, count, pending. ARGV: user.
local ttl = redis.call('PTTL', KEYS[2])
if ttl == -2 then
    return 0 -- nothing is here; the next claim rebuilds it from the log
end
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then
    redis.call('DECR', KEYS[2])
    redis.call('PEXPIRE', KEYS[1], ttl)
end
return 1
