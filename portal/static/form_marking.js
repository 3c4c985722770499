// SPDX-License-Identifier: AGPL-3.0-or-later
// Marks fields on a sample with mouse, pen or finger; the server says at once what is read there. Without this script the form goes step by step.
'use strict';
(function () {
  var form = document.getElementById('teaching');
  var stored = document.getElementById('draft');
  var field = document.getElementById('field');
  var finger = document.getElementById('finger');
  var words = document.getElementById('words').dataset;
  var failed = document.getElementById('failed');
  var draft = JSON.parse(stored.value);
  var sheets = Array.prototype.slice.call(document.querySelectorAll('.sheet-picture'));
  var rows = {};
  var asked = 0;
  var start = null;
  var SMALLEST = 3; // points: less is a click

  document.querySelectorAll('#read tr').forEach(function (row) { rows[row.dataset.field] = row; });
  if (window.matchMedia('(any-pointer: coarse)').matches) finger.hidden = false;

  function svg(name) { return document.createElementNS('http://www.w3.org/2000/svg', name); }

  function place(rect, box) {
    rect.setAttribute('x', box[0]);
    rect.setAttribute('y', box[1]);
    rect.setAttribute('width', box[2] - box[0]);
    rect.setAttribute('height', box[3] - box[1]);
    return rect;
  }

  function point(sheet, event) {
    var at = new DOMPoint(event.clientX, event.clientY).matrixTransform(sheet.getScreenCTM().inverse());
    var size = sheet.viewBox.baseVal;
    return [Math.min(Math.max(at.x, 0), size.width), Math.min(Math.max(at.y, 0), size.height)];
  }

  function box(from, to) {
    return [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])]
      .map(function (side) { return Math.round(side * 10) / 10; });
  }

  function choose(name) {
    field.value = name;
    document.querySelectorAll('.chosen').forEach(function (one) { one.classList.remove('chosen'); });
    if (rows[name]) rows[name].classList.add('chosen');
    document.querySelectorAll('.marks rect[data-field="' + name + '"]').forEach(function (one) { one.classList.add('chosen'); });
  }

  function chooseNextUnmarked() {
    var names = Array.prototype.map.call(field.options, function (option) { return option.value; });
    var after = names.slice(names.indexOf(field.value) + 1).concat(names);
    var next = after.find(function (name) { return !draft.marks.some(function (mark) { return mark.field === name; }); });
    if (next) choose(next);
  }

  function keep() { stored.value = JSON.stringify(draft); }

  function mark(page, sides) {
    var name = field.value;
    draft.marks = draft.marks.filter(function (one) { return one.field !== name; });
    draft.marks.push({ field: name, page: page, box: sides });
    refresh(name);
    chooseNextUnmarked();
  }

  function unmark(name) {
    draft.marks = draft.marks.filter(function (one) { return one.field !== name; });
    refresh(name);
    choose(name);
  }

  function refresh(name) {
    keep();
    var number = ++asked;
    fetch('/staff/forms/read', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ source: { kind: form.dataset.kind, id: form.dataset.source }, draft: draft })
    }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    }).then(function (shown) {
      if (number !== asked) return;
      failed.hidden = true;
      render(shown, name);
    }).catch(function () {
      if (number !== asked) return;
      failed.textContent = words.failed;
      failed.hidden = false;
    });
  }

  function render(shown, name) {
    var chosen = field.value;
    sheets.forEach(function (sheet) {
      var page = Number(sheet.dataset.page);
      var marks = sheet.querySelector('.marks');
      var anchors = sheet.querySelector('.anchors');
      marks.textContent = anchors.textContent = '';
      shown.fields.forEach(function (one) {
        if (one.page !== page) return;
        var rect = place(svg('rect'), one.box);
        rect.dataset.field = one.name;
        if (!one.is_sure) rect.classList.add('unsure');
        var title = svg('title');
        title.textContent = field.querySelector('option[value="' + one.name + '"]').textContent;
        rect.appendChild(title);
        marks.appendChild(rect);
      });
      shown.anchors.forEach(function (one) {
        if (one.page === page && one.is_kept) anchors.appendChild(place(svg('rect'), one.box));
      });
    });
    shown.fields.forEach(function (one) { describe(one, one.name === name); });
    renderAnchors(shown.anchors);
    choose(chosen);
  }

  function describe(one, isNew) {
    var row = rows[one.name];
    var value = row.querySelector('.value');
    row.className = one.box === null ? 'unmarked' : one.is_sure ? '' : 'unsure';
    value.firstElementChild.textContent = one.value || (one.box === null ? '' : words.blank);
    value.classList.toggle('blank', !one.value);
    row.querySelector('.act button').hidden = one.box === null;
    if (isNew) {
      var label = row.querySelector('.pick').textContent;
      document.getElementById('marked-now').textContent = label + ': ' + (one.value || (one.box === null ? words.unmarked : words.blank));
    }
  }

  function renderAnchors(anchors) {
    var list = document.getElementById('fixed');
    var focused = document.activeElement && document.activeElement.name === 'anchor' ? document.activeElement.value : null;
    list.textContent = '';
    anchors.forEach(function (one) {
      var label = document.createElement('label');
      var input = document.createElement('input');
      var hidden = document.createElement('input');
      var text = document.createElement('span');
      label.className = 'check';
      input.type = 'checkbox';
      input.name = 'anchor';
      input.value = hidden.value = one.key;
      input.checked = one.is_kept;
      hidden.type = 'hidden';
      hidden.name = 'shown_anchor';
      text.textContent = one.text;
      label.append(input, ' ', text);
      list.append(label, hidden);
      if (one.key === focused) input.focus();
    });
  }

  function begin(event) {
    var sheet = event.currentTarget;
    if (!event.isPrimary || event.button !== 0) return;
    if (event.pointerType === 'touch' && finger.getAttribute('aria-pressed') !== 'true') return;
    event.preventDefault();
    sheet.setPointerCapture(event.pointerId);
    start = { sheet: sheet, at: point(sheet, event), target: event.target };
  }

  function move(event) {
    if (!start || start.sheet !== event.currentTarget) return;
    var drawing = place(start.sheet.querySelector('.drawing'), box(start.at, point(start.sheet, event)));
    drawing.removeAttribute('hidden');
  }

  function end(event) {
    if (!start || start.sheet !== event.currentTarget) return;
    var sides = box(start.at, point(start.sheet, event));
    var begun = start;
    cancel();
    if (sides[2] - sides[0] >= SMALLEST && sides[3] - sides[1] >= SMALLEST) mark(Number(begun.sheet.dataset.page), sides);
    else if (begun.target.dataset && begun.target.dataset.field) choose(begun.target.dataset.field);
  }

  function cancel() {
    if (start) start.sheet.querySelector('.drawing').setAttribute('hidden', '');
    start = null;
  }

  sheets.forEach(function (sheet) {
    sheet.addEventListener('pointerdown', begin);
    sheet.addEventListener('pointermove', move);
    sheet.addEventListener('pointerup', end);
    sheet.addEventListener('pointercancel', cancel);
    sheet.addEventListener('click', function (event) {
      if (event.target.dataset && event.target.dataset.field) choose(event.target.dataset.field);
    });
  });
  document.addEventListener('keydown', function (event) { if (event.key === 'Escape') cancel(); });
  field.addEventListener('change', function () { choose(field.value); });
  finger.addEventListener('click', function () {
    var isOn = finger.getAttribute('aria-pressed') !== 'true';
    finger.setAttribute('aria-pressed', String(isOn));
    form.classList.toggle('drawing-on', isOn);
  });
  document.getElementById('read').addEventListener('click', function (event) {
    var row = event.target.closest('tr');
    if (event.target.closest('.act button')) {
      event.preventDefault();
      unmark(row.dataset.field);
    } else if (event.target.closest('.pick')) choose(row.dataset.field);
  });
  document.getElementById('fixed').addEventListener('change', function (event) {
    var key = event.target.value;
    draft.dropped = draft.dropped.filter(function (one) { return one !== key; });
    if (!event.target.checked) draft.dropped.push(key);
    refresh('');
  });
  document.getElementById('mark').addEventListener('click', function (event) {
    var line = document.getElementById('line').value.split(' ').map(Number);
    var typed = ['page', 'left', 'top', 'right', 'bottom'].map(function (id) { return parseFloat(document.getElementById(id).value); });
    var numbers = line.length === 5 ? line : typed;
    event.preventDefault();
    if (numbers.every(isFinite) && numbers[3] > numbers[1] && numbers[4] > numbers[2]) mark(numbers[0], numbers.slice(1));
    else document.getElementById('left').focus();
  });
  form.addEventListener('submit', keep);
  var unmarked = Array.prototype.find.call(field.options, function (option) { return rows[option.value].classList.contains('unmarked'); });
  choose(unmarked ? unmarked.value : field.value);
}());
