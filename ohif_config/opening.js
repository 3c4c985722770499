// SPDX-License-Identifier: AGPL-3.0-or-later
// What stands there from the click until OHIF shows the first image: a picture of the exam, and how far the viewer is. The only script that the page itself
// names: it asks for the viewer's own (index.html's template) behind the picture. nginx serves this file as it is.
(function () {
  'use strict';

  // What a first visit brings until the first image, compressed (docs/reading.md: at most 2.45 MB).
  var EXPECTED_BYTES = 2.2e6;
  var LONGEST_MS = 120000; // what has not come by then shows its own reason
  var FIRST_MS = 400; // as long may the line be the picture's and OHIF's first answers' alone
  var KEPT = 'cloudfilm.ohif';

  var version = document.currentScript.src.split('?')[1] || '';
  var query = new URLSearchParams(location.search);
  var study = ((query.get('StudyInstanceUIDs') || '').match(/^[0-9.]{1,64}/) || [])[0];
  var token = query.get('token');
  var whoAsks = token ? { Authorization: 'Bearer ' + token } : {};

  // ---- the viewer --------------------------------------------------------------------------------------------------------------------------
  // In this order on the line: the picture and OHIF's first answers, our own scripts, OHIF, frames.
  var OURS = ':not([rel="prefetch"]):not([rel="preload"]):not([src*=".bundle."])', OHIF = '[rel="preload"], [src*=".bundle."]';
  var isAsked = false, isOhifAsked = false, frames = null;

  function filesOf(selector) {
    return Array.prototype.slice.call(document.getElementById('viewer-files').content.querySelectorAll(selector));
  }

  function put(file) {
    var asked = document.createElement(file.localName);
    Array.prototype.forEach.call(file.attributes, function (one) { asked.setAttribute(one.name, one.value); });
    asked.async = false; // scripts run in this order
    document.head.append(asked);
  }

  // Once, and not before the whole page is there. Resolves then.
  function askForViewer() {
    if (document.readyState === 'loading') {
      return new Promise(function (resolve) { document.addEventListener('DOMContentLoaded', resolve); }).then(askForViewer);
    }
    if (!isAsked) filesOf(OURS).forEach(put);
    isAsked = true;
    return Promise.resolve();
  }

  function askForOhif() {
    if (!isOhifAsked) {
      filesOf(OHIF).forEach(put);
      if (study) bringFrames();
    }
    isOhifAsked = true;
  }

  // A browser that has it asks the line for nothing.
  function isOhifKept() {
    try {
      return localStorage.getItem(KEPT) === mainScript();
    } catch (error) {
      return false; // storage is blocked
    }
  }

  // Out of the browser's cache, while the line is the picture's; it runs when that has come.
  function readOhif() {
    var main = document.createElement('link');
    main.rel = 'preload';
    main.as = 'script';
    main.href = mainScript();
    document.head.append(main);
  }

  function noteOhifIsKept() {
    try {
      localStorage.setItem(KEPT, mainScript());
    } catch (error) {
      // The next visit waits a little.
    }
  }

  function mainScript() {
    return filesOf('script[src*=".bundle."]')[0].getAttribute('src');
  }

  function bringFrames() {
    frames = new Worker('/viewer/first_frames.js?' + version);
    var files = filesOf('link[rel="prefetch"]').map(function (file) { return file.getAttribute('href'); });
    shared.forEach(share);
    frames.postMessage({ study: study, headers: whoAsks, files: files });
  }

  // ---- what OHIF asks first ------------------------------------------------------------------------------------------------------------------
  // Its questions come one after the other once its scripts have run; asked meanwhile, the answers are there (patch.py: OHIF takes them from here).
  // As OHIF writes them; one that it writes otherwise it asks itself, as it does when there is no answer.
  var STUDY = '?limit=101&offset=0&fuzzymatching=false&includefield=00081030%2C00080060%2C00080090%2C00100030&StudyInstanceUID=';
  var SERIES = '?includefield=00080021%2C00080031%2C0008103E%2C00200011';
  var HEAD_START_MS = 50;
  var MOST_SERIES = 4; // more than that does not hang at first
  var answers = {}, shared = []; // with the worker

  // Resolves when all are there or the last have a head start, which is enough: the server sends what is ready first. Fails when one is not there.
  function askEarly() {
    ask(STUDY + study).catch(leftToOhif);
    return askAndShare('/' + study + '/series', SERIES).then(function (text) {
      var last = JSON.parse(text).slice(0, MOST_SERIES).map(function (one) {
        return askAndShare('/' + study + '/series/' + one['0020000E'].Value[0] + '/metadata', '');
      });
      return Promise.race([Promise.all(last), new Promise(function (resolve) { setTimeout(resolve, HEAD_START_MS); })]);
    });
  }

  function askAndShare(path, query) {
    var one = { path: path, answer: ask(path + query) };
    shared.push(one);
    if (frames) share(one);
    return one.answer;
  }

  // The worker waits for what the page has asked, and does not ask it too.
  function share(one) {
    function tell(text) { frames.postMessage({ path: one.path, text: text }); }
    frames.postMessage({ asked: one.path });
    one.answer.then(tell, tell.bind(null, ''));
  }

  function ask(path) {
    var address = '/dicom-web/studies' + path;
    answers[address] = fetch(address, { headers: Object.assign({ Accept: 'application/dicom+json' }, whoAsks), credentials: 'same-origin' })
      .then(function (answer) {
        return answer.text().then(function (text) {
          if (answer.status !== 200) throw new Error('answered ' + answer.status);
          return text;
        });
      });
    return answers[address];
  }

  function leftToOhif() {}

  // A promise of the list of datasets that the address gives, or undefined.
  window.cloudfilmEarlyAnswer = function (address) {
    var asked = new URL(address, location.href), early = answers[asked.pathname + asked.search];
    return early && early.then(JSON.parse);
  };

  // ---- from the click on ---------------------------------------------------------------------------------------------------------------------
  if (!study) {
    askForViewer().then(askForOhif); // app-config.js says what is wrong
    return;
  }
  setTimeout(function () { askForViewer().then(askForOhif); }, FIRST_MS);
  if (isOhifKept()) readOhif();

  var chosen = (document.cookie.match(/(?:^|;\s*)lang=([\w-]+)/) || [])[1] || navigator.language || '';
  var words = /^zh/i.test(chosen) ? '正在打开影像…' : 'Opening the images…';

  function element(parent, name, style) {
    var made = document.createElement(name);
    made.style.cssText = style;
    parent.append(made);
    return made;
  }

  var card = element(
    document.documentElement, 'div',
    'position:fixed;inset:0;z-index:900;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:16px;background:#000;color:#cfd8dc;' +
      'font:16px/1.5 system-ui,sans-serif;pointer-events:none',
  );
  card.id = 'cloudfilm-opening';
  card.setAttribute('role', 'status');
  var picture = element(card, 'img', 'width:min(60vmin,384px);height:min(60vmin,384px);object-fit:contain;visibility:hidden');
  picture.alt = '';
  element(card, 'span', 'text-shadow:0 0 4px #000').textContent = words;
  var rail = element(card, 'div', 'width:min(60vmin,384px);height:4px;border-radius:2px;background:#37474f;overflow:hidden');
  var bar = element(rail, 'div', 'width:3%;height:100%;background:#5acce6;transition:width .4s ease-out');

  // ---- the picture -------------------------------------------------------------------------------------------------------------------------
  var isWithoutPicture = false;
  var thumbnail = fetch('/dicom-web/studies/' + study + '/thumbnail?viewport=256,256', {
    headers: Object.assign({ Accept: 'image/jpeg' }, whoAsks),
    credentials: 'same-origin',
    priority: 'high',
  });
  var early = askEarly().catch(leftToOhif);
  thumbnail
    .then(function (answer) {
      if (answer.ok) return answer.blob();
      if (answer.body) answer.body.cancel(); // what nobody reads would keep the stream open
      throw new Error('answered ' + answer.status);
    })
    .then(function (jpeg) {
      picture.addEventListener('load', function () {
        picture.style.visibility = 'visible';
        URL.revokeObjectURL(picture.src);
      });
      picture.src = URL.createObjectURL(jpeg);
    })
    .catch(function () {
      isWithoutPicture = true; // an exam of documents; what else is wrong is OHIF's to say
    })
    .then(askForViewer)
    .then(function () { return isOhifKept() ? undefined : early; })
    .then(askForOhif);

  // ---- how far it is -----------------------------------------------------------------------------------------------------------------------
  var bytes = 0;
  var seen = new PerformanceObserver(function (list) {
    list.getEntries().forEach(function (one) { bytes += one.encodedBodySize || 0; });
    bar.style.width = Math.max(3, Math.min(97, (100 * bytes) / EXPECTED_BYTES)) + '%';
  });
  seen.observe({ type: 'resource', buffered: true });

  // ---- until ---------------------------------------------------------------------------------------------------------------------------------
  var NEW_IMAGE = ['CORNERSTONE_STACK_NEW_IMAGE', 'CORNERSTONE_VOLUME_NEW_IMAGE'], DRAWN = 'CORNERSTONE_IMAGE_RENDERED', hasImage = false;

  function end() {
    seen.disconnect();
    answers = {};
    if (frames) frames.postMessage('end'); // from here on the viewer asks for itself
    clearInterval(looking);
    NEW_IMAGE.forEach(function (name) { document.removeEventListener(name, brought, true); });
    document.removeEventListener(DRAWN, shown, true);
    card.remove();
  }

  // cornerstone also draws views that have no image yet.
  function brought() {
    hasImage = true;
  }
  function shown() {
    if (!hasImage) return;
    noteOhifIsKept();
    end();
  }
  NEW_IMAGE.forEach(function (name) { document.addEventListener(name, brought, true); });
  document.addEventListener(DRAWN, shown, true);

  var began = Date.now();
  var looking = setInterval(function () {
    var isOhifThere = !!document.querySelector('#root > div');
    // OHIF's own page is there: its tools can be used, the picture waits for the image in the middle.
    if (isOhifThere) card.style.background = 'none';
    var isAnswered = document.getElementById('cloudfilm-notice') || document.querySelector('#root object, #root video');
    if (isAnswered || (isOhifThere && isWithoutPicture) || Date.now() - began > LONGEST_MS) end();
  }, 200);
})();
