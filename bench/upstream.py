"""Upstream's way, written from its description: its query shapes on its table, two scans, a serializer a row."""

from typing import Any

from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.filters import Aggregation, Filters
from heatmaps.questions.heatmap.question import PointsQuestion, ScrollDepthQuestion
from heatmaps.questions.interactions.question import InteractionsQuestion


class Item(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    pointer_y = serializers.IntegerField()
    pointer_relative_x = serializers.FloatField()
    pointer_target_fixed = serializers.BooleanField()


class Fold(serializers.Serializer[Any]):
    total_count = serializers.IntegerField()
    below_fold_count = serializers.IntegerField()
    median_viewport_height = serializers.FloatField(allow_null=True)


class Bucket(serializers.Serializer[Any]):
    cumulative_count = serializers.IntegerField()
    bucket_count = serializers.IntegerField()
    scroll_depth_bucket = serializers.IntegerField()


class Interaction(serializers.Serializer[Any]):
    session_id = serializers.CharField(allow_null=True)
    distinct_id = serializers.CharField()
    timestamp = serializers.DateTimeField()
    pointer_relative_x = serializers.FloatField()
    pointer_y = serializers.IntegerField()
    current_url = serializers.CharField()
    type = serializers.CharField()


Question = PointsQuestion | ScrollDepthQuestion | InteractionsQuestion


def queries(question: Question) -> list[Query]:
    if isinstance(question, ScrollDepthQuestion):
        return [_scroll_depth(question)]
    if isinstance(question, InteractionsQuestion):
        return [_interactions(question), _total(question)]
    return [_points(question), _fold(question.filters)]


def answer(question: Question) -> bytes:
    found = [engine.rows(query) for query in queries(question)]
    if isinstance(question, ScrollDepthQuestion):
        buckets = [
            {"scroll_depth_bucket": row[0], "bucket_count": row[1], "cumulative_count": row[2]} for row in found[0]
        ]
        return _rendered({"results": _checked(Bucket, buckets)})
    if isinstance(question, InteractionsQuestion):
        names = ("session_id", "distinct_id", "timestamp", "pointer_relative_x", "pointer_y", "current_url", "type")
        rows = [dict(zip(names, row, strict=True)) for row in found[0][: question.limit]]
        return _rendered({"results": _checked(Interaction, rows), "total_count": found[1][0][0]})
    points = [
        {"pointer_target_fixed": row[0], "pointer_relative_x": row[1], "pointer_y": row[2], "count": row[3]}
        for row in found[0]
    ]
    fold = found[1][0]
    return _rendered(
        {
            "results": _checked(Item, points[: question.limit]),
            "fold": _checked(
                Fold,
                [dict(zip(("total_count", "below_fold_count", "median_viewport_height"), fold, strict=True))],
            )[0],
            "has_more": len(points) > question.limit,
        }
    )


def _points(question: PointsQuestion) -> Query:
    where, parameters = _where(question.filters)
    return Query(
        f"SELECT pointer_target_fixed, round(x / viewport_width, 2) AS pointer_relative_x,"
        f" y * scale_factor AS client_y, {_count(question.aggregation)} AS cnt"
        f" FROM upstream_heatmaps WHERE {where}"
        f" GROUP BY pointer_target_fixed, pointer_relative_x, client_y ORDER BY cnt DESC"
        f" LIMIT {question.limit + 1} OFFSET {question.offset}",
        parameters,
    )


def _fold(filters: Filters) -> Query:
    where, parameters = _where(filters)
    return Query(
        "SELECT countIf(NOT pointer_target_fixed), countIf(NOT pointer_target_fixed AND y > viewport_height),"
        f" quantile(0.5)(viewport_height * scale_factor) FROM upstream_heatmaps WHERE {where}",
        parameters,
    )


def _scroll_depth(question: ScrollDepthQuestion) -> Query:
    where, parameters = _where(question.filters)
    return Query(
        "SELECT bucket, cnt, sum(cnt) OVER (ORDER BY bucket DESC) AS cumulative FROM ("
        f" SELECT intDiv((y + viewport_height) * scale_factor, 100) * 100 AS bucket, {_count(question.aggregation)} AS cnt"
        f" FROM upstream_heatmaps WHERE {where} GROUP BY bucket) ORDER BY bucket",
        parameters,
    )


def _interactions(question: InteractionsQuestion) -> Query:
    where, parameters = _where_points(question)
    return Query(
        "SELECT session_id, distinct_id, timestamp, round(x / viewport_width, 2), y * scale_factor, current_url, type"
        f" FROM upstream_heatmaps WHERE {where} ORDER BY timestamp DESC LIMIT {question.limit + 1}",
        parameters,
    )


def _total(question: InteractionsQuestion) -> Query:
    where, parameters = _where_points(question)
    return Query(f"SELECT count() FROM upstream_heatmaps WHERE {where}", parameters)


def _where_points(question: InteractionsQuestion) -> tuple[str, dict[str, Any]]:
    where, parameters = _where(question.filters)
    points = []
    for number, point in enumerate(question.points or ()):
        points.append(
            f"(round(x / viewport_width, 2) = {{x{number}:Float64}} AND y * scale_factor = {{y{number}:Int64}}"
            f" AND pointer_target_fixed = {{fixed{number}:Bool}})"
        )
        parameters |= {
            f"x{number}": point.x_hundredths / 100,
            f"y{number}": point.y,
            f"fixed{number}": int(point.is_fixed),
        }
    return f"{where} AND ({' OR '.join(points)})", parameters


def _where(filters: Filters) -> tuple[str, dict[str, Any]]:
    conditions = [
        "team_id = {team_id:Int64}",
        "type = {type:String}",
        "timestamp >= {date_from:DateTime64(6, 'UTC')}",
        "timestamp <= {date_to:DateTime64(6, 'UTC')}",
    ]
    if filters.url_exact is not None:
        conditions.append("trim(TRAILING '/' FROM current_url) = {url:String}")
    if filters.url_pattern is not None:
        conditions.append("match(current_url, {pattern:String})")
    if filters.types != ("scrolldepth",):
        conditions.append("NOT (x = 0 AND y = 0)")
    return " AND ".join(conditions), {
        "team_id": filters.team_id,
        "type": filters.types[0],
        "date_from": filters.window.start,
        "date_to": filters.window.end,
        "url": filters.url_exact,
        "pattern": filters.url_pattern,
    }


def _count(aggregation: Aggregation) -> str:
    return "count()" if aggregation is Aggregation.TOTAL_COUNT else "uniqExact(distinct_id)"


def _checked(kind: type[serializers.Serializer[Any]], rows: list[dict[str, Any]]) -> Any:
    """Every row through a serializer, as data that has to be valid."""
    serializer = kind(data=rows, many=True)
    serializer.is_valid(raise_exception=True)
    return serializer.data


def _rendered(document: dict[str, Any]) -> bytes:
    return bytes(JSONRenderer().render(document))
