// SPDX-License-Identifier: AGPL-3.0-or-later
// The review page by two keys: a digit chooses an exam, Enter confirms. n: next report, w: wait, u: undo. All of it has a button too.
(function () {
  'use strict';
  var form = document.getElementById('match');
  var boxes = Array.prototype.slice.call(document.querySelectorAll('#candidates input[name="study"]'));

  function choose(key, adds) {
    var chosen = null;
    boxes.forEach(function (box) {
      var is = box.getAttribute('data-key') === key;
      if (is && !box.disabled) { chosen = box; }
    });
    if (!chosen) { return false; }
    boxes.forEach(function (box) {
      if (box === chosen) { box.checked = adds && box.type === 'checkbox' ? !box.checked : true; } else if (!adds) { box.checked = false; }
    });
    if (chosen.parentNode.scrollIntoView) { chosen.parentNode.scrollIntoView({ block: 'nearest' }); }
    chosen.focus({ preventScroll: true });
    return true;
  }

  function press(id) {
    var button = document.getElementById(id);
    if (button) { button.click(); }
    return Boolean(button);
  }

  document.addEventListener('keydown', function (event) {
    var target = event.target, tag = target.tagName;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) { return; }
    if (tag === 'SELECT' || tag === 'TEXTAREA' || (tag === 'INPUT' && target.type !== 'checkbox' && target.type !== 'radio')) { return; }
    // With Shift the digit's key gives another sign: its place on the keyboard counts.
    var digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code || '');
    var done = false;
    if (digit) {
      done = choose(digit[1], event.shiftKey);
    } else if (event.key === 'Enter' && (tag === 'BODY' || tag === 'INPUT')) {
      // Nothing chosen: nothing to confirm.
      done = Boolean(form) && boxes.some(function (box) { return box.checked; }) && press('confirm');
      if (!done) { event.preventDefault(); }
    } else if (event.key === 'n') {
      done = press('next-report');
    } else if (event.key === 'w') {
      done = press('wait');
    } else if (event.key === 'u') {
      done = press('undo') || press('undo-last');
    }
    if (done) { event.preventDefault(); }
  });

  // What is pointed at in the list is shown on the page's picture.
  function light(field, on) {
    Array.prototype.forEach.call(document.querySelectorAll('.box'), function (box) {
      if (box.getAttribute('data-field') === field) { box.classList.toggle('lit', on); }
    });
  }
  Array.prototype.forEach.call(document.querySelectorAll('.read > div'), function (row) {
    row.addEventListener('mouseenter', function () { light(row.getAttribute('data-field'), true); });
    row.addEventListener('mouseleave', function () { light(row.getAttribute('data-field'), false); });
  });
})();
