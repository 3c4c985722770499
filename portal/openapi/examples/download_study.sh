# A whole study with its report, as one ZIP.
curl --silent --show-error --fail "$CLOUDFILM_URL/api/v1/studies/$STUDY_INSTANCE_UID/archive" \
     --header "Authorization: Bearer $CLOUDFILM_TOKEN" \
     --output study.zip
