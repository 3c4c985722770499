// SPDX-License-Identifier: AGPL-3.0-or-later
// Brings frames of the opened exam into the browser's cache while the viewer starts: its scripts have come, and the line would be idle until they have run.
// Read after bringing.js; nginx serves this file as it is.
(function () {
  'use strict';

  var bringing = window.cloudfilmBringing;

  var FIRST = 2; // the middle frame, from whichever end the viewer counts
  var AT_ONCE = 4;
  var SERIES = 2; // as many as most exams hang at first
  // For one frame. Slower: what the viewer itself asks for would stand behind it. Faster: it was in the cache, or needs no help.
  var SLOWEST_MS = 150, FASTEST_MS = 12;
  var NEW_IMAGE = ['CORNERSTONE_STACK_NEW_IMAGE', 'CORNERSTONE_VOLUME_NEW_IMAGE'];

  // `headers` say who asks. Gives a promise of the end, which never fails.
  function bringFirstFrames(studyInstanceUid, headers) {
    var isOver = false;

    function end() {
      isOver = true;
      NEW_IMAGE.forEach(function (name) { document.removeEventListener(name, end, true); });
    }
    NEW_IMAGE.forEach(function (name) { document.addEventListener(name, end, true); }); // from then on the viewer asks for itself

    function bringSeries(uids) {
      if (isOver || !uids.length) return Promise.resolve();
      return bringing.askForJson('/' + studyInstanceUid + '/series/' + uids[0] + '/metadata', undefined, headers)
        .then(function (metadata) {
          var frames = bringing.framesOf(metadata), first = frames.splice(0, FIRST), began = performance.now();
          return bringFrames(first, 1).then(function () {
            var each = (performance.now() - began) / first.length;
            if (each > SLOWEST_MS || each < FASTEST_MS) end();
            return bringFrames(frames, AT_ONCE);
          });
        })
        .then(bringSeries.bind(null, uids.slice(1)));
    }

    function bringFrames(frames, atOnce) {
      var asked = 0;
      function next() {
        if (isOver || asked === frames.length) return undefined;
        asked += 1;
        return bringing.askForFrame(frames[asked - 1], undefined, headers).then(next);
      }
      return Promise.all(Array.from({ length: atOnce }, next));
    }

    return bringing.askForJson('/' + studyInstanceUid + '/series', undefined, headers)
      .then(function (series) { return bringSeries(bringing.seriesToBring(series).slice(0, SERIES)); })
      .then(end, end); // not published, or not to be seen: the viewer says why
  }

  var query = new URLSearchParams(location.search);
  var study = ((query.get('StudyInstanceUIDs') || '').match(/^[0-9.]{1,64}/) || [])[0];
  var token = query.get('token');
  if (study) window.cloudfilmFilesCame.then(bringFirstFrames.bind(null, study, token ? { Authorization: 'Bearer ' + token } : {}));
})();
