-- Which values an attribute of elements has, the most frequent first: of each event that of the innermost element with one.
-- It is looked for once a chain, not once an event.
WITH
    /* elements: */ arrayMap(element -> (extract(element, '^([^"]*?):?(?:(?:attr__?[^"=]+|[^"=:]+)="|$)'), arrayMap(groups -> (concat(groups[1], groups[2]), replaceAll(groups[3], '\\"', '"')), extractAllGroupsVertical(element, '(?:^[^"]*?:(attr__?[^"=]+|[^"=:]+)|([^"=]+))="((?:[^"\\\\]|\\\\.)*)"'))), extractAll(elements_chain, '(?:[^;"]|"(?:[^"\\\\]|\\\\.)*")+')) /* end of elements */ AS elements,
    arrayMap(
        element -> if(
            {key:String} = 'tag_name',
            splitByChar('.', element.1)[1],
            arrayFirst(pair -> pair.1 = {key:String} AND pair.2 != '', element.2).2),
        elements) AS of_elements
SELECT
    arrayFirst(value -> value != '', of_elements) AS name,
    sum(events_of_chain) AS count
FROM (
    SELECT elements_chain, count() AS events_of_chain
    FROM events
    WHERE team_id = {team_id:Int64}
      AND elements_chain != ''
      /* AND filters */
    GROUP BY elements_chain
)
GROUP BY name
HAVING name != '' AND position(name, {part:String}) > 0
ORDER BY count DESC, name
LIMIT {limit:UInt64}
