"""Made-up notes of patients over a year: what `annotate` and `kb` are tried on."""

import csv
import random
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

PATIENTS = 40
VISITS = 4
COLUMNS = ("id", "patient", "date", "ward", "text")
FIRST_DAY = date(2025, 1, 6)


class Illness(NamedTuple):
    """What notes on an illness are made of.

    name, ward (str): Its name, and where its patients go.
    drugs, symptoms, findings (Tuple[str, ...]): What they take, complain of, and what is measured.
    examinations (Tuple[str, ...]): What is done.
    """

    name: str
    ward: str
    drugs: tuple[str, ...]
    symptoms: tuple[str, ...]
    findings: tuple[str, ...]
    examinations: tuple[str, ...]


ILLNESSES = (
    Illness(
        "糖尿病",
        "内分泌科",
        ("胰岛素", "二甲双胍"),
        ("多饮", "多尿", "乏力", "体重下降"),
        ("血糖{:.1f}mmol/L", "24小时尿蛋白定量{:.1f}g"),
        ("眼底照相",),
    ),
    Illness(
        "高血压",
        "心内科",
        ("氨氯地平", "硝苯地平"),
        ("头晕", "头痛", "心悸"),
        ("血压15{:.0f}/96mmHg",),
        ("心脏彩超", "心电图"),
    ),
    Illness("痛风", "风湿科", ("别嘌醇",), ("右足疼痛", "发热"), ("尿酸5{:.0f}2μmol/L",), ("CT",)),
    Illness(
        "肺结核",
        "感染科",
        ("异烟肼", "利福平"),
        ("咳嗽", "盗汗", "咯血", "消瘦"),
        ("血沉6{:.0f}mm/h",),
        ("痰涂片", "胸片"),
    ),
    Illness(
        "房颤",
        "心内科",
        ("华法林",),
        ("心悸", "胸闷", "活动后气促"),
        ("INR 2.{:.0f}", "心率11{:.0f}次/分"),
        ("心电图",),
    ),
    Illness(
        "哮喘",
        "呼吸内科",
        ("布地奈德", "沙丁胺醇"),
        ("咳嗽", "胸闷", "活动后气促"),
        ("血氧饱和度9{:.0f}%",),
        ("胸部CT",),
    ),
    Illness(
        "消化性溃疡",
        "消化内科",
        ("阿莫西林", "克拉霉素"),
        ("上腹部疼痛", "黑便", "恶心"),
        ("血红蛋白9{:.0f}g/L",),
        ("胃镜", "快速尿素酶试验"),
    ),
)
OPENINGS = ("患者因{symptom}{days}天来诊。", "{name}复诊，仍有{symptom}。", "诉{symptom}，较前减轻。")
DENIALS = ("无{denied}。", "否认{denied}。", "未见{denied}。")
MIDDLES = ("{examination}提示{name}，{finding}。", "{finding}，已行{examination}。", "{finding}。")
ENDS = ("诊断{name}，予{drug}治疗，嘱定期复查。", "继续口服{drug}。", "调整{drug}剂量，{days}天后随诊。")


def make_notes(seed: int) -> list[dict[str, str]]:
    """Make the notes of all patients.

    seed (int): The seed.
    RETURNS (List[Dict[str, str]]): The notes by their columns, by date.
    """
    rng = random.Random(seed)
    notes = []
    for patient in range(PATIENTS):
        own = rng.sample(ILLNESSES, 1 + (patient % 4 == 0))
        day = FIRST_DAY + timedelta(rng.randrange(60))
        for _ in range(VISITS):
            day += timedelta(rng.randrange(20, 80))
            text = "".join(_write(rng, illness) for illness in own)
            notes.append(
                {"patient": f"P{patient + 1:03}", "date": day.isoformat(), "ward": own[0].ward, "text": text}
            )
    notes.sort(key=lambda note: (note["date"], note["patient"]))
    return [{"id": f"N{i:04}", **note} for i, note in enumerate(notes, 1)]


def _write(rng: random.Random, illness: Illness) -> str:
    symptom, denied = rng.sample(illness.symptoms, 2)
    given = {
        "name": illness.name,
        "symptom": symptom,
        "denied": denied,
        "days": rng.randrange(2, 15),
        "drug": rng.choice(illness.drugs),
        "examination": rng.choice(illness.examinations),
        "finding": rng.choice(illness.findings).format(rng.uniform(3, 9)),
    }
    return "".join(rng.choice(part).format(**given) for part in (OPENINGS, DENIALS, MIDDLES, ENDS))


def write_notes(notes: list[dict[str, str]], path: Path) -> None:
    """Write notes as CSV.

    notes (List[Dict[str, str]]): The notes.
    path (Path): The file.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(notes)
