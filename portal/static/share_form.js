// SPDX-License-Identifier: AGPL-3.0-or-later
// The form for a link: choices that exclude each other cannot be made together. Without this script the server says so.
(function () {
  'use strict';
  var report = document.getElementById('report'), download = document.getElementById('download');
  var hideNames = document.getElementById('hide-names');
  if (!report || !download || !hideNames) { return; }

  function settle() {
    var possible = report.checked && !hideNames.checked;
    download.disabled = !possible;
    if (!possible) { download.checked = false; }
    download.parentNode.className = possible ? 'choice' : 'choice off';
  }

  report.addEventListener('change', settle);
  hideNames.addEventListener('change', settle);
  settle();
})();
