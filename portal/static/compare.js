// SPDX-License-Identifier: AGPL-3.0-or-later
// Two exams at most are ticked: a third takes the place of the one that was ticked first.
(function () {
  'use strict';
  var form = document.getElementById('compare');
  if (!form) { return; }
  var button = document.getElementById('compare-them');
  var order = Array.prototype.slice.call(form.querySelectorAll('input[name="study"]:checked'));

  function show() { if (button) { button.disabled = order.length !== 2; } }

  form.addEventListener('change', function (event) {
    var box = event.target;
    if (box.name !== 'study') { return; }
    order = order.filter(function (one) { return one !== box; });
    if (box.checked) { order.push(box); }
    while (order.length > 2) { order.shift().checked = false; }
    show();
  });
  show();
}());
