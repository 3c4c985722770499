// SPDX-License-Identifier: AGPL-3.0-or-later
// Renews the exam's page while its report is being read or its images are arriving. Only the parts that changed are replaced, so that
// nobody loses their place.
(function () {
  'use strict';
  var exam = document.getElementById('exam');
  if (!exam) { return; }
  var STATE = '/api/v1/exam/state' + window.location.search, PAGE = '/exam' + window.location.search;
  var SOON_MS = 5000, LATER_MS = 30000, LONG_MS = 10 * 60 * 1000;
  var began = Date.now(), timer = null;

  function get(address, then) {
    var request = new XMLHttpRequest();
    request.open('GET', address);
    request.timeout = 20000;
    request.onload = function () { then(request.status, request.responseText); };
    request.onerror = request.ontimeout = function () { then(0, ''); };
    request.send();
  }

  function wait() {
    window.clearTimeout(timer);
    if (!exam.hasAttribute('data-unsettled')) { return; }
    timer = window.setTimeout(look, document.hidden || Date.now() - began > LONG_MS ? LATER_MS : SOON_MS);
  }

  function look() {
    get(STATE, function (status, body) {
      if (status === 401 || status === 404) { return; }  // the visit has ended: what is shown stays
      var state = null;
      try { state = JSON.parse(body).state; } catch (broken) { /* the line was cut: ask again */ }
      if (status !== 200 || !state || state === exam.getAttribute('data-state')) { wait(); return; }
      get(PAGE, renew);
    });
  }

  function renew(status, body) {
    if (status !== 200) { wait(); return; }
    var fresh = new DOMParser().parseFromString(body, 'text/html');
    var freshExam = fresh && fresh.getElementById('exam');
    if (!freshExam) { window.location.reload(); return; }
    var before = said();
    var parts = document.querySelectorAll('[data-live]');
    for (var i = 0; i < parts.length; i += 1) {
      replace(parts[i], fresh.querySelector('[data-live="' + parts[i].getAttribute('data-live') + '"]'));
    }
    exam.setAttribute('data-state', freshExam.getAttribute('data-state'));
    if (!freshExam.hasAttribute('data-unsettled')) { exam.removeAttribute('data-unsettled'); }
    announce(before);
    var renewed = document.createEvent('Event');
    renewed.initEvent('cloudfilm-renewed', true, false);
    document.dispatchEvent(renewed);
    wait();
  }

  function replace(old, fresh) {
    if (!fresh || old.innerHTML === fresh.innerHTML) { return; }
    var focused = old.contains(document.activeElement) ? document.activeElement.id : '';
    old.innerHTML = fresh.innerHTML;
    if (focused && document.getElementById(focused)) { document.getElementById(focused).focus(); }
  }

  function said() {
    var images = document.getElementById('images-said'), report = document.querySelector('[data-said]');
    return [
      images ? images.textContent.replace(/\s+/g, ' ').trim() : '',
      report ? report.getAttribute('data-said') : ''
    ];
  }

  function announce(before) {
    var news = document.getElementById('news');
    if (!news) { return; }
    news.className = 'unseen';
    news.textContent = said().filter(function (text, i) { return text !== before[i]; }).join(' ');
  }

  document.addEventListener('visibilitychange', function () {
    if (!document.hidden && exam.hasAttribute('data-unsettled')) { window.clearTimeout(timer); look(); }
  });
  wait();
})();
