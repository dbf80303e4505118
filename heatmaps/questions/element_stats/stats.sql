-- Which chains of elements the events of browsers were about, the most frequent first, and how many events each. Chains are put
-- together by a hash of them, which is small, and are taken apart once and not for each of their events.
WITH /* elements: */ [] /* end of elements */ AS elements
SELECT
    any(elements_chain) AS chain,
    event,
    count() AS count,
    replaceRegexpOne(lower(hex(cityHash64(chain))), '^0+', '') AS hash
FROM events
WHERE team_id = {team_id:Int64}
  AND elements_chain != ''
  /* AND filters */
GROUP BY sipHash128(elements_chain), event
HAVING /* conditions on elements: */ 1 /* end of conditions on elements */
ORDER BY count DESC, event, hash
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
