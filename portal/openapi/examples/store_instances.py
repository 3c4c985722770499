"""Store the DICOM files of a folder by STOW-RS, and say which were not taken."""

import os
from pathlib import Path
from uuid import uuid4

import requests

boundary = uuid4().hex
head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
files = sorted(Path(os.environ["DICOM_FOLDER"]).glob("*.dcm"))

answer = requests.post(
    f"{os.environ['CLOUDFILM_URL']}/dicom-web/studies",
    data=b"".join(head + file.read_bytes() + b"\r\n" for file in files) + f"--{boundary}--\r\n".encode(),
    headers={
        "Authorization": f"Bearer {os.environ['CLOUDFILM_TOKEN']}",
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
        "Accept": "application/dicom+json",
    },
    timeout=600,
)
stored, failed = (answer.json().get(tag, {}).get("Value", []) for tag in ("00081199", "00081198"))
print(f"{len(stored)} stored, {len(failed)} not taken")
for item in failed:
    print(item["00081155"]["Value"][0], f"FailureReason {item['00081197']['Value'][0]:04X}H")
