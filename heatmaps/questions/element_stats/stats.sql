-- Which chains of elements the events of browsers were about, the most frequent first, and how many events each.
WITH /* elements: */ [] /* end of elements */ AS elements
SELECT
    elements_chain,
    event,
    count() AS count,
    replaceRegexpOne(lower(hex(cityHash64(elements_chain))), '^0+', '') AS hash
FROM events
WHERE team_id = {team_id:Int64}
  AND elements_chain != ''
  /* AND filters */
GROUP BY elements_chain, event
ORDER BY count DESC, event, hash
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
