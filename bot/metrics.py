"""What an operator may count: latencies, outcomes, redeliveries, quotas; never a person or word."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self._latency = Histogram(
            "xst_answer_seconds",
            "From a message taken to its answer stored.",
            ["channel"],
            buckets=_SECONDS,
            registry=r,
        )
        self._answers = Counter(
            "xst_answers", "Messages answered.", ["channel", "disposition"], registry=r
        )
        self._repeated = Counter(
            "xst_redelivered", "Deliveries of a message known before.", ["channel"], registry=r
        )
        self._busy = Counter(
            "xst_busy", "Messages not taken: too many wait.", ["channel"], registry=r
        )
        self._rejected = Counter(
            "xst_rejected", "Requests refused at the door.", ["channel", "reason"], registry=r
        )
        self._sends = Counter(
            "xst_sends", "Attempts to send a parcel.", ["channel", "outcome"], registry=r
        )
        self._quota = Counter(
            "xst_quota", "Customer-service messages by allowance.", ["channel", "use"], registry=r
        )
        self.waiting = Gauge("xst_outbox_waiting", "Parcels that wait to be sent.", registry=r)
        self.twice = Gauge(
            "xst_perhaps_twice", "Parcels that may have been sent twice, ever.", registry=r
        )

    def answered(self, channel: str, disposition: str, seconds: float) -> None:
        self._latency.labels(channel).observe(seconds)
        self._answers.labels(channel, disposition).inc()

    def repeated(self, channel: str) -> None:
        self._repeated.labels(channel).inc()

    def busy(self, channel: str) -> None:
        self._busy.labels(channel).inc()

    def rejected(self, channel: str, reason: str) -> None:
        """A request refused at the door; `reason` is a fixed word of the channel's."""
        self._rejected.labels(channel, reason).inc()

    def send(self, channel: str, outcome: str) -> None:
        """`outcome`: sent | later | refused | moved."""
        self._sends.labels(channel, outcome).inc()

    def quota(self, channel: str, use: str) -> None:
        """`use`: spent | none."""
        self._quota.labels(channel, use).inc()

    def page(self) -> bytes:
        """All of it in Prometheus' text form."""
        return generate_latest(self.registry)
