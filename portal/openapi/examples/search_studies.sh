# The CT exams of 2026, newest first, ten of them.
curl --silent --show-error --fail "$CLOUDFILM_URL/dicom-web/studies?ModalitiesInStudy=CT&StudyDate=20260101-20261231&limit=10" \
     --header "Authorization: Bearer $CLOUDFILM_TOKEN" \
     --header "Accept: application/dicom+json"
