-- May this user claim a coupon? One atomic step: membership, counter, and a note that the claim is under
-- way (NFR-04). The aggregate has the last word on whoever is let through.
--
-- KEYS: members (set), count, pending (sorted set, by when they were admitted), refusals (hash).
-- ARGV: user, now (ms), how long a claim may be under way (ms), command, the refusal to remember,
--       whether a sold-out verdict is final, how long refusals are remembered (ms), how many at most.
local members, count, pending, refusals = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local user, now, patience, command = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

local told = redis.call('HGET', refusals, command)
if told == 'log' then
    return {'LOGGED', ''}
elseif told then
    return {'REFUSED', told}
end

local left = redis.call('GET', count)
if not left then
    return {'MISSING', ''}
end

if redis.call('SISMEMBER', members, user) == 1 then
    if redis.call('ZSCORE', pending, user) then
        return {'PASS', ''} -- a claim of theirs is under way, or was cut short
    end
    return {'DUPLICATE', ''}
end

if tonumber(left) > 0 then
    redis.call('SADD', members, user)
    redis.call('DECR', count)
    redis.call('ZADD', pending, now, user)
    -- They leave together: a set without its counter would be counted as empty.
    local ttl = redis.call('PTTL', count)
    redis.call('PEXPIRE', members, ttl)
    redis.call('PEXPIRE', pending, ttl)
    return {'ADMITTED', ''}
end

local oldest = redis.call('ZRANGE', pending, 0, 0, 'WITHSCORES')
if oldest[2] and tonumber(oldest[2]) + patience < now then
    return {'STALE', ''} -- somebody was admitted and never came back
end

if ARGV[6] == 'final' and redis.call('HLEN', refusals) < tonumber(ARGV[8]) then
    redis.call('HSET', refusals, command, ARGV[5])
    redis.call('PEXPIRE', refusals, ARGV[7])
end
return {'SOLD_OUT', tostring(redis.call('ZCARD', pending))}
