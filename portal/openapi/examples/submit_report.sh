# Hand in a report and what your system knows of it; the answer names the link, the access code and the stamped copy.
curl --silent --show-error --fail "$CLOUDFILM_URL/api/v1/reports" \
     --header "Authorization: Bearer $CLOUDFILM_TOKEN" \
     --form "file=@$REPORT_PDF;type=application/pdf" \
     --form 'metadata={"accession_number": "'"$ACCESSION_NUMBER"'"}'
