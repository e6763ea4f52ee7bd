-- The task in DuckDB's own words. A value out of range stands in no other check and in no total.

CREATE TEMP TABLE here AS
SELECT substr(authority, 4, 3) AS "set", authority, metric, coalesce(category, '') AS category,
       value, comment,
       CASE WHEN value BETWEEN 0 AND 20000 THEN value END AS sound
FROM read_csv('$data/this.csv', header = true, types = {'value': 'BIGINT', 'category': 'VARCHAR',
    'comment': 'VARCHAR'});

-- One row a metric, with the parts that have a value.
CREATE TEMP TABLE wide AS
SELECT authority, metric,
       max(sound) FILTER (category = '') AS total,
       sum(sound) FILTER (category <> '') AS parts,
       count(sound) FILTER (category <> '') AS parts_there
FROM here GROUP BY authority, metric;

COPY (
    SELECT authority, metric, category, 'range' AS "check"
    FROM here WHERE value NOT BETWEEN 0 AND 20000
    UNION ALL
    SELECT authority, metric, category, 'reason'
    FROM here WHERE value IS NULL AND comment IS NULL
    UNION ALL
    SELECT authority, metric, '', 'sum'
    FROM wide WHERE parts_there = 9 AND total <> parts
    UNION ALL
    SELECT wide.authority, wide.metric, '', 'part'
    FROM wide
    JOIN read_csv('$data/pairs.csv', header = true) AS pair ON pair.child = wide.metric
    JOIN wide AS parent ON parent.authority = wide.authority AND parent.metric = pair.parent
    WHERE wide.total > parent.total
    UNION ALL
    SELECT wide.authority, wide.metric, '', 'year'
    FROM wide
    JOIN read_csv('$data/last.csv', header = true, types = {'value': 'BIGINT', 'category': 'VARCHAR',
        'comment': 'VARCHAR'}) AS before
        ON before.authority = wide.authority AND before.metric = wide.metric
        AND before.category IS NULL
    WHERE before.value >= 20 AND abs(wide.total - before.value) * 10 > before.value * 3
) TO '$out/failures.csv' (HEADER, DELIMITER ',');

COPY (
    SELECT "set", metric, category, coalesce(sum(sound), 0) AS total, count(sound) AS authorities
    FROM here GROUP BY ALL
) TO '$out/totals.csv' (HEADER, DELIMITER ',');
