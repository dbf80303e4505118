-- Which values an attribute of elements has, the most frequent first: of each event that of the innermost element with one.
-- It is looked for once a chain, not once an event, and only in elements that have the attribute.
WITH
    extractAll(chain, '(?:[^;"]|"(?:[^"\\\\]|\\\\.)*")+') AS elements,
    arrayMap(
        element -> arrayFirst(
            groups -> concat(groups[1], groups[2]) = {key:String} AND groups[3] != '',
            extractAllGroupsVertical(element, '(?:^[^"]*?:(attr__?[^"=]+|[^"=:]+)|([^"=]+))="((?:[^"\\\\]|\\\\.)*)"'))[3],
        arrayFilter(element -> position(element, concat({key:String}, '="')) > 0, elements)) AS of_elements,
    arrayMap(
        element -> splitByChar('.', extract(element, '^([^"]*?):?(?:(?:attr__?[^"=]+|[^"=:]+)="|$)'))[1],
        if({key:String} = 'tag_name', elements, [])) AS tags
SELECT
    replaceAll(arrayFirst(value -> value != '', arrayConcat(tags, of_elements)), '\\"', '"') AS name,
    sum(events_of_chain) AS count
FROM (
    SELECT any(elements_chain) AS chain, count() AS events_of_chain
    FROM events
    WHERE team_id = {team_id:Int64}
      AND elements_chain != ''
      /* AND filters */
    GROUP BY sipHash128(elements_chain)
)
GROUP BY name
HAVING name != '' AND position(name, {part:String}) > 0
ORDER BY count DESC, name
LIMIT {limit:UInt64}
