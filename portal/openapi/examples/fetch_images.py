"""Fetch a study's metadata and the first frame of its first instance, by dicomweb-client (PyPI)."""

import os

import requests
from dicomweb_client.api import DICOMwebClient

session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['CLOUDFILM_TOKEN']}"
client = DICOMwebClient(url=f"{os.environ['CLOUDFILM_URL']}/dicom-web", session=session)

study = os.environ["STUDY_INSTANCE_UID"]
first = client.retrieve_study_metadata(study)[0]
series, instance = (first[tag]["Value"][0] for tag in ("0020000E", "00080018"))
(frame,) = client.retrieve_instance_frames(study, series, instance, frame_numbers=[1])
print(f"{len(client.search_for_series(study))} series, first frame {len(frame)} bytes")
