# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can break. Each waits for its moment in the sending, breaks something, and lets it come back."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from typing import ClassVar

from tests.faults.invariants import queues_not_empty
from tests.faults.ledger import Ledger
from tests.faults.line import Trouble
from tests.faults.site import CLOUD_PARTS, GATEWAY_PARTS, Site, descendants, kill
from tests.support.faulty_proxy import Fault as S3Fault
from tests.support.instance import Instance, wait_for


@dataclass(frozen=True)
class Traffic:
    """How much is sent in a round, and over how many associations at once."""

    slices: int = 36
    direct_associations: int = 4
    gateway_associations: int = 2
    same_study_to_all_gateways: bool = False
    all_open_at_once: bool = False


class Fault:
    """One kind of trouble; ``places`` names the sites where it is tried: images on a disk, in an S3 server, on a small disk."""

    name: ClassVar[str]
    places: ClassVar[tuple[str, ...]] = ("disk",)
    traffic: ClassVar[Traffic] = Traffic()

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        """Called once while the senders are sending; when it returns, nothing is broken any more, though parts may still be starting."""
        del site, ledger, plan


class Nothing(Fault):
    """What all others are compared with."""

    name = "no fault"
    places = ("disk", "s3", "small disk", "own clocks")


@dataclass(frozen=True)
class Kill(Fault):
    """kill -9 of one part of the cloud or of the first gateway, at a random moment, ``times`` times."""

    part: str
    of_gateway: bool = False
    places: ClassVar[tuple[str, ...]] = ("disk", "s3")
    times: int = 2

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"kill -9 of the {'gateway' if self.of_gateway else 'cloud'}'s {self.part}"

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        one = site.gateways[0] if self.of_gateway else site.cloud
        for number in range(self.times):
            ledger.wait_for_share(plan.uniform(number, number + 1) * 0.8 / self.times)
            kill(running(one, self.part))


@dataclass(frozen=True)
class RestartDatabase(Fault):
    """PostgreSQL's immediate shutdown, as its machine's power would end it; it recovers from its log."""

    name: ClassVar[str] = "PostgreSQL immediate restart"
    places: ClassVar[tuple[str, ...]] = ("disk", "s3")

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        for number in range(2):
            ledger.wait_for_share(plan.uniform(number, number + 1) * 0.35)
            os.kill(running(site.cloud, "postgresql"), signal.SIGQUIT)


class KillEverything(Fault):
    """Every process of the cloud and then of the gateway at once; both are started again on their data."""

    name = "kill -9 of every process at once"
    places = ("disk", "s3")

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        for one, share in ((site.cloud, plan.uniform(0.1, 0.4)), (site.gateways[0], plan.uniform(0.5, 0.8))):
            ledger.wait_for_share(share)
            assert one.process is not None
            for pid in descendants(one.process.pid):
                kill(pid)
            one.process.wait(10)
            one.start()


class BusyHour(Fault):
    """Any part of cloud and gateway is killed, again and again, at random."""

    name = "kill -9 of any part, six times"
    places = ("disk", "s3")

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        parts = [(site.cloud, part) for part in CLOUD_PARTS] + [(site.gateways[0], part) for part in GATEWAY_PARTS]
        for number in range(6):
            ledger.wait_for_share(plan.uniform(number, number + 1) * 0.14)
            one, part = plan.choice(parts)
            kill(running(one, part))


@dataclass(frozen=True)
class LineTrouble(Fault):
    """The line between gateway and cloud; it is good again once it has been cut so often, or nothing is left to be sent.

    How many requests carry the images is the gateway's to choose; what was sent before an answer was lost is not sent again.
    """

    trouble: Trouble
    cuts: int = 3

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"line: {self.trouble.value}"

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        line = site.lines[0]
        ledger.wait_for_share(plan.uniform(0.02, 0.2))
        before = line.cuts
        if self.trouble is Trouble.DOWN:
            line.go_down()
            time.sleep(plan.uniform(0.5, 3.0))
        else:
            line.trouble = self.trouble
            wait_for(lambda: line.cuts - before >= self.cuts or _is_all_sent(site, ledger), 60, f"{self.cuts} cuts of the line")
            assert line.cuts > before, "the line was never cut"
        line.trouble = Trouble.NONE


@dataclass(frozen=True)
class ObjectStoreTrouble(Fault):
    """The S3 server answers so for a while; both storing and reading back go through it."""

    fault: S3Fault
    places: ClassVar[tuple[str, ...]] = ("s3",)

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"S3: {self.fault.value}"

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        proxy = site.s3_proxy
        assert proxy is not None
        ledger.wait_for_share(plan.uniform(0.1, 0.5))
        refused, until = ledger.refusals.total(), time.monotonic() + plan.uniform(6, 10)
        proxy.fault = self.fault
        try:
            # Long enough that retries do not hide it from the senders; some kinds never reach them.
            wait_for(lambda: ledger.refusals.total() - refused >= 8 or time.monotonic() > until, 60, "the object store's trouble")
        finally:
            proxy.fault = S3Fault.NONE


class FlakyObjectStore(Fault):
    """Every third answer of the S3 server is wrong in some way, over the whole sending."""

    name = "S3: each third answer is wrong in some way"
    places = ("s3",)

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        proxy = site.s3_proxy
        assert proxy is not None
        ledger.wait_for_share(plan.uniform(0.0, 0.1))
        wrong = [one for one in S3Fault if one not in (S3Fault.NONE, S3Fault.HANG, S3Fault.ANSWER_LOST)]
        proxy.faults.extend(plan.choice(wrong) if plan.random() < 1 / 3 else S3Fault.NONE for _ in range(150))
        wait_for(lambda: not proxy.faults, 120, "150 requests")


@dataclass(frozen=True)
class FullDisk(Fault):
    """Nothing can be written any more, until somebody makes room. The data folder lies on a small file system of its own."""

    of_gateway: bool
    places: ClassVar[tuple[str, ...]] = ("small disk",)

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"the {'gateway' if self.of_gateway else 'cloud'}'s disk is full"

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        one = site.gateways[0] if self.of_gateway else site.cloud
        ledger.wait_for_share(plan.uniform(0.1, 0.5))
        ballast = one.data / "ballast"
        before = ledger.refusals.total()
        with open(ballast, "wb") as file:
            fill(file.fileno())
            try:
                wait_for(lambda: ledger.refusals.total() - before >= 8 or is_filled_again(file.fileno()), 60, "refusals")
                time.sleep(plan.uniform(2.0, 6.0))
            finally:
                ballast.unlink()


class DeletedMeanwhile(Fault):
    """Studies are deleted in the cloud while they are being sent: the one that the modality sends, the one that a program sends, or both."""

    name = "deletion during upload"
    places = ("disk", "s3")

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        for number in range(2):
            ledger.wait_for_share(0.1 + plan.uniform(number, number + 1) * 0.3)
            arriving = sorted({one.image.study_instance_uid for one in list(ledger.promises)} - {ledger.reported})
            study = plan.choice(arriving)
            site.delete_study(study)
            ledger.deleted(study)


class ManyAssociations(Fault):
    """Sixteen associations at once to the cloud and sixteen to the gateway; nothing breaks."""

    name = "16 associations at once, to both"
    traffic = Traffic(slices=96, direct_associations=16, gateway_associations=16, all_open_at_once=True)


class TwoGateways(Fault):
    """Two gateways have the same study and forward it at once; the line of one is cut, the other is killed."""

    name = "two gateways with the same study"
    traffic = Traffic(same_study_to_all_gateways=True)

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        ledger.wait_for_share(plan.uniform(0.1, 0.4))
        site.lines[0].go_down()
        kill(running(site.gateways[1], plan.choice(GATEWAY_PARTS)))
        time.sleep(plan.uniform(0.2, 1.0))
        site.lines[0].trouble = Trouble.NONE


class SteppedClocks(Fault):
    """The clocks of cloud and gateway are set forwards and back, six times, by up to 40 days and two hours."""

    name = "clocks are set"
    places = ("own clocks",)

    def strike(self, site: Site, ledger: Ledger, plan: random.Random) -> None:
        steps = [-7200, -600, -20, 20, 600, 7200, 40 * 86_400]
        plan.shuffle(steps)
        for number, step in enumerate(steps[:6]):
            ledger.wait_for_share(plan.uniform(number, number + 1) * 0.14)
            site.set_clock(plan.randrange(2), step)
            time.sleep(plan.uniform(0.5, 3.0))
        for number in range(2):
            site.set_clock(number, 0)


def running(one: Instance, part: str) -> int:
    """The process number of a part, once it is up."""
    return wait_for(lambda: one.part_pid(part), 60, f"{part} to be up")


def _is_all_sent(site: Site, ledger: Ledger) -> bool:
    return len(ledger.promises) >= ledger.expected and not queues_not_empty(site)


def fill(descriptor: int) -> None:
    """Write until nothing more can be written."""
    for portion in (1_000_000, 4096):
        try:
            while os.write(descriptor, bytes(portion)):
                pass
        except OSError:
            continue


def is_filled_again(descriptor: int) -> bool:
    """What was freed meanwhile is taken too; never true."""
    fill(descriptor)
    return False


KILLS: list[Fault] = [
    *(Kill(part) for part in CLOUD_PARTS),
    *(Kill(part, of_gateway=True) for part in GATEWAY_PARTS),
    RestartDatabase(),
    KillEverything(),
    BusyHour(),
]
LINES: list[Fault] = [LineTrouble(one) for one in Trouble if one is not Trouble.NONE]
OBJECT_STORE: list[Fault] = [*(ObjectStoreTrouble(one) for one in S3Fault if one is not S3Fault.NONE), FlakyObjectStore()]
OTHERS: list[Fault] = [
    FullDisk(of_gateway=False),
    FullDisk(of_gateway=True),
    DeletedMeanwhile(),
    ManyAssociations(),
    TwoGateways(),
    SteppedClocks(),
]
FAULTS: list[Fault] = [Nothing(), *KILLS, *LINES, *OBJECT_STORE, *OTHERS]
