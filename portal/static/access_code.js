// SPDX-License-Identifier: AGPL-3.0-or-later
// Shows an access code in groups of four while it is typed. What a code never contains is put right: O is 0, I and L are 1.
(function () {
  'use strict';
  var input = document.getElementById('access-code');
  if (!input) { return; }
  var LENGTH = 12, GROUP = 4, composing = false;

  function characters(text) {
    return text
      .replace(/[\uff01-\uff5e]/g, function (wide) { return String.fromCharCode(wide.charCodeAt(0) - 0xfee0); })
      .toUpperCase()
      .replace(/[^0-9A-Z]/g, '')
      .replace(/O/g, '0')
      .replace(/[IL]/g, '1');
  }

  function grouped(code) {
    return (code.match(new RegExp('.{1,' + GROUP + '}', 'g')) || []).join('-');
  }

  function placeOf(count) {
    return count + Math.max(0, Math.ceil(count / GROUP) - 1);
  }

  function format() {
    if (composing) { return; }
    var caret = input.selectionStart === null ? input.value.length : input.selectionStart;
    var before = Math.min(LENGTH, characters(input.value.slice(0, caret)).length);
    var shown = grouped(characters(input.value).slice(0, LENGTH));
    if (shown === input.value) { return; }
    input.value = shown;
    if (document.activeElement === input && input.setSelectionRange) {
      input.setSelectionRange(placeOf(before), placeOf(before));
    }
  }

  input.addEventListener('compositionstart', function () { composing = true; });
  input.addEventListener('compositionend', function () { composing = false; format(); });
  input.addEventListener('input', format);
  format();
})();
