-- Which pages are most like a URL, or the busiest where none is asked for: those with interactions under some filters, and in
-- what their URLs differ. URLs are compared once each, in the list of URLs.
SELECT
    url,
    count,
    last_seen,
    arrayFilter(
        (word, differs) -> differs AND NOT {is_pattern:Bool},
        ['scheme', 'www', 'port', 'case', 'percent_encoding', 'trailing_slash', 'query_string', 'fragment', 'host', 'path'],
        [
            lower(scheme) != lower({scheme:String}),
            is_www != {is_www:Bool} AND NOT differs_in_host,
            port != {port:String},
            NOT differs_in_path AND decoded != {decoded:String}
                OR lowerUTF8(host) = lowerUTF8({host:String}) AND host != {host:String}
                OR lower(scheme) = lower({scheme:String}) AND scheme != {scheme:String},
            NOT differs_in_path AND (lowerUTF8(path) != lowerUTF8({path:String}) OR decoded = {decoded:String} AND path != {path:String}),
            NOT differs_in_path AND path != '' AND NOT has({slashes:Array(UInt64)}, length(whole_path) - length(path)),
            query != {query:String},
            fragment != {fragment:String},
            lowerUTF8(host) != lowerUTF8({host:String}) AS differs_in_host,
            lowerUTF8(decoded) != lowerUTF8({decoded:String}) AS differs_in_path
        ]
    ) AS differences,
    -- A URL of another host, or with another path, differs in many ways.
    length(differences) + 9 * countEqual(differences, 'host') + 9 * countEqual(differences, 'path') AS weight,
    if({is_pattern:Bool} OR NOT differs_in_path, 0, ngramDistance(lowerUTF8(decoded), lowerUTF8({decoded:String}))) AS distance
FROM (
    SELECT
        /* url: */ url_of_page /* end of url */ AS url,
        sum(count_of_page) AS count,
        max(last_of_page) AS last_seen,
        extract(url, '^([a-zA-Z][a-zA-Z0-9+.-]*)://') AS scheme,
        extract(url, '^[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]*)') AS authority,
        extract(authority, ':([0-9]+)$') AS port,
        match(authority, '^(?i:www)[.]') AS is_www,
        replaceRegexpOne(authority, '^(?i:www)[.]|:[0-9]*$', '') AS host_and_port,
        replaceRegexpOne(host_and_port, ':[0-9]*$', '') AS host,
        replaceRegexpOne(extract(url, '^[^?#]*'), '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*', '') AS whole_path,
        trimRight(whole_path, '/') AS path,
        decodeURLComponent(replaceRegexpAll(path, '[%](2[Ff]|3[Ff]|23|25)', '%25\\1')) AS decoded_path,
        if(isValidUTF8(decoded_path), decoded_path, path) AS decoded,
        extract(url, '^[^?#]*(\\?[^#]*)') AS query,
        extract(url, '^[^#]*(#(?s:.*))$') AS fragment
    FROM (
        SELECT
            /* on our table: page */ trimRight(current_url, '/') /* end */ AS key,
            count() AS count_of_page,
            max(timestamp) AS last_of_page
        FROM heatmaps
        WHERE team_id = {team_id:Int64}
          /* on our table: */ AND viewport_width != 0 /* end */
          /* AND filters */
        GROUP BY key
    ) AS seen
    /* the list of URLs */
    ANY INNER JOIN (
        SELECT
            /* on our table: page */ trimRight(current_url, '/') /* end */ AS key,
            any(trimRight(current_url, '/')) AS url_of_page
        FROM heatmaps
        WHERE team_id = {team_id:Int64}
          /* AND filters */
        GROUP BY key
    ) AS known USING (key)
    GROUP BY url
)
ORDER BY weight, distance, count DESC, url
LIMIT 5
