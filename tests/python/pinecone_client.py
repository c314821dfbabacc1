"""Talks with the index at this address by the official client: what it is told must be what the service would tell."""

import sys

from pinecone import Pinecone
from pinecone.errors import exceptions

index = Pinecone(api_key="local").Index(host=sys.argv[1])


def refused(error, call):
    try:
        call()
    except error:
        return
    raise AssertionError(f"{error.__name__} was expected")


vectors = [
    {"id": "memory#a", "values": [1.0, 0.0, 0.0], "metadata": {"owner": "ada", "coach": "*", "year": 2020}},
    {"id": "memory#b", "values": [0.8, 0.6, 0.0], "metadata": {"owner": "ada", "coach": "strength", "year": 2024}},
    {"id": "workout#c", "values": [0.0, 0.0, 1.0], "metadata": {"owner": "bob", "tags": ["knee", "squat"]}},
]
assert index.upsert(vectors=vectors, namespace="user_ada").upserted_count == 3
assert index.upsert(vectors=vectors[:1], namespace="user_bob").upserted_count == 1

stats = index.describe_index_stats()
assert (stats.dimension, stats.metric, stats.total_vector_count) == (3, "cosine", 4), stats
assert {name: one.vector_count for name, one in stats.namespaces.items()} == {"user_ada": 3, "user_bob": 1}, stats


def found(namespace="user_ada", **options):
    answer = index.query(vector=[1.0, 0.0, 0.0], top_k=10, namespace=namespace, **options)
    return [(match.id, round(match.score, 3)) for match in answer.matches]


assert found() == [("memory#a", 1.0), ("memory#b", 0.8), ("workout#c", 0.0)]
assert found(namespace="nobody") == []
assert found(filter={"owner": {"$eq": "bob"}}) == [("workout#c", 0.0)]
assert found(filter={"$and": [{"owner": "ada"}, {"$or": [{"coach": "strength"}, {"year": {"$gte": 2024}}]}]}) == [
    ("memory#b", 0.8)
]
assert found(filter={"tags": {"$in": ["knee"]}}) == [("workout#c", 0.0)]
match = index.query(id="memory#b", top_k=1, namespace="user_ada", include_metadata=True, include_values=True).matches[0]
assert match.metadata["coach"] == "strength" and [round(v, 1) for v in match.values] == [0.8, 0.6, 0.0], match

fetched = index.fetch(ids=["memory#a", "none"], namespace="user_ada").vectors
assert list(fetched) == ["memory#a"] and fetched["memory#a"].metadata["year"] == 2020, fetched

many = [{"id": f"m#{n:03}", "values": [1.0, 1.0, 1.0]} for n in range(250)]
assert index.upsert(vectors=many, namespace="many").upserted_count == 250
pages = [[item.id for item in page.vectors] for page in index.list(namespace="many", limit=100)]
assert [len(page) for page in pages] == [100, 100, 50], pages
assert sorted(sum(pages, [])) == [one["id"] for one in many]
assert [[item.id for item in page.vectors] for page in index.list(namespace="many", prefix="m#00", limit=7)] == [
    [f"m#00{n}" for n in range(7)],
    [f"m#00{n}" for n in range(7, 10)],
]

index.delete(ids=["memory#a", "none"], namespace="user_ada")
index.delete(filter={"owner": {"$eq": "bob"}}, namespace="user_ada")
assert found() == [("memory#b", 0.8)]
index.delete(delete_all=True, namespace="user_ada")
assert found() == []

refused(exceptions.NotFoundError, lambda: index.delete(ids=["a"], namespace="never"))
refused(exceptions.ApiError, lambda: index.upsert(vectors=[{"id": "a", "values": [1.0]}]))
refused(exceptions.ApiError, lambda: index.upsert(vectors=[{"id": "a", "values": [0.0, 0.0, 0.0]}]))
refused(exceptions.ApiError, lambda: index.upsert(vectors=[{"id": "a", "values": [1.0] * 3, "metadata": {"x": "y" * 50_000}}]))
refused(exceptions.ApiError, lambda: index.query(vector=[1.0, 0.0], top_k=1))
refused(exceptions.ApiError, lambda: index.query(vector=[1.0] * 3, top_k=1, filter={"x": {"$like": "y"}}))
stranger = Pinecone(api_key="another").Index(host=sys.argv[1])
refused(exceptions.UnauthorizedError, lambda: stranger.describe_index_stats())
print("the official client is content")
