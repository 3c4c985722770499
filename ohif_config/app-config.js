// SPDX-License-Identifier: AGPL-3.0-or-later
// OHIF's configuration for CloudFilm. Loaded before the viewer's own script; nginx serves this file as it is: what is edited here is in force after the next start.
(function () {
  'use strict';

  // ---- language -------------------------------------------------------------------------------------------------------------------------
  // The portal's `lang` cookie decides, else the browser. A choice made later in the viewer's own preferences stays until the cookie changes.
  var cookie = (document.cookie.match(/(?:^|;\s*)lang=([\w-]+)/) || [])[1];
  var wanted = /^zh/i.test(cookie || navigator.language || '') ? 'zh' : 'en-US';
  var language = wanted;
  try {
    if (localStorage.getItem('cloudfilm.lang') !== wanted || !localStorage.getItem('i18nextLng')) {
      localStorage.setItem('i18nextLng', wanted);
      localStorage.setItem('cloudfilm.lang', wanted);
    }
    language = localStorage.getItem('i18nextLng') === 'zh' ? 'zh' : 'en-US';
  } catch (error) {
    // Storage is blocked: the viewer then follows the browser's language.
  }
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';

  function say(chinese, english) {
    return language === 'zh' ? chinese : english;
  }

  // ---- notices ----------------------------------------------------------------------------------------------------------------------------
  // One card over the viewer instead of a black page. The first notice stays: an expired session also looks like a missing exam to OHIF.
  var NOTICES = {
    expired: say('链接已失效，请返回报告页面重新打开。', 'This link has expired. Please go back to the report page and open it again.'),
    missing: say('没有找到该检查的影像，或您无权查看。', 'The images of this exam were not found, or you may not see them.'),
  };

  function button(element, text) {
    element.textContent = text;
    element.style.cssText =
      'display:inline-block;margin:16px 8px 0;padding:8px 18px;border:1px solid #5acce6;border-radius:6px;color:#fff;background:transparent;' +
      'font:inherit;text-decoration:none;cursor:pointer';
    return element;
  }

  function showNotice(kind) {
    if (document.getElementById('cloudfilm-notice')) return;
    var notice = document.createElement('div');
    notice.id = 'cloudfilm-notice';
    notice.setAttribute('role', 'alertdialog');
    notice.setAttribute('aria-modal', 'true');
    notice.setAttribute('aria-labelledby', 'cloudfilm-notice-text');
    notice.style.cssText =
      'position:fixed;inset:0;z-index:10000;display:flex;align-items:center;justify-content:center;background:rgba(0,0,0,.75);color:#fff';
    var card = document.createElement('div');
    card.style.cssText = 'max-width:30em;margin:16px;padding:28px;border-radius:10px;background:#0b2a42;text-align:center;font-size:18px;line-height:1.6';
    var text = document.createElement('p');
    text.id = 'cloudfilm-notice-text';
    text.textContent = NOTICES[kind];
    var back = button(document.createElement('a'), say('返回报告页面', 'Back to the report'));
    back.href = '/exam';
    card.append(text, back);
    if (kind === 'expired' && document.querySelector('.viewport-element canvas')) {
      var close = button(document.createElement('button'), say('继续看已加载的图像', 'Keep looking at what is loaded'));
      close.addEventListener('click', function () {
        notice.remove();
      });
      card.append(close);
    }
    notice.append(card);
    document.body.append(notice);
    back.focus();
  }

  // A React component without React: it draws nothing and says why.
  function MissingExam() {
    setTimeout(showNotice, 0, 'missing');
    return null;
  }

  // Requests fail with a status, streamed frames with a sentence that holds it.
  function statusOf(error) {
    if (!error) return 0;
    var inner = error.error || error;
    return inner.status || Number((/got status (\d+)/.exec(inner.message || inner) || [])[1]) || 0;
  }

  // Without an exam in its address OHIF would stay blank.
  if (!/[?&]StudyInstanceUIDs=[\d.]/i.test(location.search)) MissingExam();

  // ---- what the reader sees -----------------------------------------------------------------------------------------------------------------
  function About() {
    return say(
      'CloudFilm 云胶片的影像查看器基于 OHIF Viewer（MIT 许可）。屏幕显示不能代替专业诊断显示器。',
      "CloudFilm's viewer is based on OHIF Viewer (MIT licence). This display does not replace a diagnostic monitor.",
    );
  }
  About.menuTitle = say('关于', 'About');
  About.title = 'CloudFilm 云胶片';

  // OHIF is made for a desk: on a phone the image gets the room, and the header only what fits.
  function isNarrow() {
    return window.matchMedia('(max-width: 639px)').matches;
  }

  var NARROW_MODE = {
    routes: { 0: { layoutInstance: { props: { leftPanelClosed: { $set: true }, rightPanels: { $set: [] } } } } },
    toolbarSections: { $push: [{ primary: ['WindowLevel', 'Zoom', 'MoreTools'] }] },
  };

  var mode = window.cloudfilmReading.mode(say);
  if (isNarrow()) {
    mode.routes = NARROW_MODE.routes;
    mode.toolbarSections.$push.push(NARROW_MODE.toolbarSections.$push[0]);
  }

  var STAR = 'polygon(50% 4%, 62% 36%, 96% 37%, 69% 58%, 79% 91%, 50% 72%, 21% 91%, 31% 58%, 4% 37%, 38% 36%)';
  var narrowHeader = document.createElement('style');
  narrowHeader.textContent = '@media (max-width: 639px) { [data-cy="undo-btn"], [data-cy="redo-btn"] { display: none } }' +
    ' [data-cy="flipVertical"] svg { transform: rotate(90deg) }' +
    // Two cross-hairs, of which one at a time can be used.
    ' [data-cy="Crosshairs"]:disabled, [data-cy="PointLocator"]:disabled { display: none }' +
    // OHIF has no star.
    ' [data-cy="KeyImages"] svg > * { display: none } [data-cy="KeyImages"] svg { background: currentColor; clip-path: ' + STAR + ' }';
  document.head.append(narrowHeader);

  var hospitalName = window.cloudfilmReading.keepVisit(function () {
    showNotice('expired');
  });

  function nameHospital(element) {
    if (element) {
      hospitalName.then(function (name) {
        if (name) element.textContent = name;
      });
    }
  }

  function logo(React) {
    if (isNarrow()) return React.createElement('span'); // null would bring OHIF's own
    return React.createElement(
      'span',
      { className: 'text-foreground flex items-center gap-2 whitespace-nowrap pl-2 text-base font-semibold' },
      React.createElement('img', { src: '/viewer/favicon.svg', alt: 'CloudFilm 云胶片', width: 24, height: 24 }),
      React.createElement('span', { ref: nameHospital, id: 'cloudfilm-hospital' }, 'CloudFilm 云胶片'),
    );
  }

  function hasWebGL2() {
    try {
      return !!document.createElement('canvas').getContext('webgl2');
    } catch (error) {
      return false;
    }
  }

  // ---- OHIF ---------------------------------------------------------------------------------------------------------------------------------
  window.PUBLIC_URL = '/viewer/';
  window.config = {
    name: 'cloudfilm',
    routerBasename: '/viewer/',
    extensions: [window.cloudfilmReading.extension(say)],
    modes: [],
    modesConfiguration: { '@ohif/mode-longitudinal': mode },

    showStudyList: false,
    showErrorDetails: 'dev',
    showCPUFallbackMessage: false,
    showWarningMessageForCrossOrigin: false,
    investigationalUseDialog: { option: 'never' },
    measurementTrackingMode: 'none', // measurements are the reader's own and are never stored
    whiteLabeling: { createLogoComponentFn: logo },
    customizationService: [
      {
        'ohif.tours': { $set: [] },
        'ohif.aboutModal': { $set: About },
        'ohif.appearanceModal': { $set: null },
        'viewportDownload.warningMessage': { $merge: { value: say('不可用于诊断', 'Not for diagnostic use') } },
        'cornerstone.windowLevelPresets': window.cloudfilmWindows.presets(say),
        // Routes that OHIF brings along: nothing may be opened here but an exam by its link.
        'routes.customRoutes': {
          $set: {
            routes: ['/notfoundstudy', '/notfoundserver', '/local', '/localbasic', '/debug'].map(function (path) {
              return { path: path, children: MissingExam };
            }),
            notFoundRoute: { path: '*', children: MissingExam },
          },
        },
      },
    ],

    // OHIF stays black otherwise. Asked for only when OHIF reads it: the first context waits for the graphics process to start.
    get useCPURendering() {
      return !hasWebGL2();
    },
    maxNumberOfWebWorkers: 3,
    maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 20 }, // HTTP/2: the server allows 128 at once
    studyPrefetcher: { enabled: true, displaySetsCount: 2, maxNumPrefetchRequests: 10, order: 'closest' },

    defaultDataSourceName: 'cloudfilm',
    dataSources: [
      {
        namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
        sourceName: 'cloudfilm',
        configuration: {
          friendlyName: 'CloudFilm',
          name: 'cloudfilm',
          qidoRoot: '/dicom-web',
          wadoRoot: '/dicom-web',
          wadoUriRoot: '/wado',
          qidoSupportsIncludeField: false,
          supportsReject: false,
          supportsFuzzyMatching: false,
          supportsWildcard: true,
          imageRendering: 'wadors',
          thumbnailRendering: 'thumbnail',
          thumbnailRequestStrategy: 'fetch', // with 'wadors' the first image would not be streamed
          enableStudyLazyLoad: true,
          omitQuotationForMultipartRequest: true,
          singlepart: 'bulkdata,video', // not pdf: Orthanc has no /rendered for documents
          bulkDataURI: { enabled: true, relativeResolution: 'studies' },
          // Published frames are HTJ2K: a coarse image is shown after the first 32 kB.
          stackRetrieveOptions: { retrieveOptions: { single: { streaming: true, decodeLevel: 3, minChunkSize: 32768 } } },
        },
      },
    ],

    httpErrorHandler: function (error) {
      var status = statusOf(error);
      if (status === 401 || status === 403) showNotice('expired');
    },
  };
})();
