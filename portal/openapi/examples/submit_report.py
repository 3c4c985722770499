"""Hand in a report, wait until the stamped copy is made, and keep it for the printer."""

import os
import time
from pathlib import Path

import requests

client = requests.Session()
client.headers["Authorization"] = f"Bearer {os.environ['CLOUDFILM_TOKEN']}"
pdf = Path(os.environ["REPORT_PDF"])

answer = client.post(f"{os.environ['CLOUDFILM_URL']}/api/v1/reports", files={"file": (pdf.name, pdf.read_bytes(), "application/pdf")})
answer.raise_for_status()
report = answer.json()
print("status:", report["status"], "- findings:", report["fields"].get("findings"))

for _ in range(60):
    stamped = client.get(report["stamped_pdf"])
    if stamped.ok:
        pdf.with_name("stamped.pdf").write_bytes(stamped.content)
        break
    time.sleep(1)
