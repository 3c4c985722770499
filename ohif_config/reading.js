// SPDX-License-Identifier: AGPL-3.0-or-later
// What makes OHIF a reading station: the point locator, hanging protocols, the toolbar, the renewal of the visit. Read before app-config.js, which
// puts it together; nginx serves this file as it is. cornerstone and its tools are the two globals that OHIF itself sets.
(function () {
  'use strict';

  // ---- one point in every series ----------------------------------------------------------------------------------------------------------
  // Patient coordinates in mm (PS3.3 §C.7.6.2.1.1): where a plane lies along its normal, and which image of a stack is nearest to a point.
  function normalOf(plane) {
    var row = plane.rowCosines, column = plane.columnCosines;
    return [
      row[1] * column[2] - row[2] * column[1],
      row[2] * column[0] - row[0] * column[2],
      row[0] * column[1] - row[1] * column[0],
    ];
  }

  function dot(a, b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  }

  // The nearest image's place in `planes`, or -1 when the point lies outside the stack by more than a slice.
  function nearestPlane(point, planes) {
    var best = -1, least = Infinity, reach = 0;
    planes.forEach(function (plane, place) {
      if (!plane || !plane.rowCosines || !plane.columnCosines || !plane.imagePositionPatient) return;
      var normal = normalOf(plane);
      var distance = Math.abs(dot(normal, point) - dot(normal, plane.imagePositionPatient));
      if (distance < least) {
        best = place;
        least = distance;
        reach = Math.max(plane.sliceThickness || 0, spacingAt(planes, place, normal), 1);
      }
    });
    return least <= reach ? best : -1;
  }

  // mm to the next image with the same orientation; gaps between slices belong to the nearer one.
  function spacingAt(planes, place, normal) {
    var next = planes[place + 1] || planes[place - 1];
    if (!next || !next.imagePositionPatient) return 0;
    return Math.abs(dot(normal, next.imagePositionPatient) - dot(normal, planes[place].imagePositionPatient));
  }

  function allViewports() {
    return window.cornerstone.getRenderingEngines().reduce(function (all, engine) {
      return all.concat(engine.getViewports());
    }, []);
  }

  function isStack(viewport) {
    return typeof viewport.setImageIdIndex === 'function';
  }

  var planesOf = (function () {
    var kept = {};
    return function (viewport) {
      var ids = viewport.getImageIds();
      var key = ids.length + ids[0] + ids[ids.length - 1];
      if (!kept[viewport.id] || kept[viewport.id].key !== key) {
        kept[viewport.id] = {
          key: key,
          planes: ids.map(function (id) {
            return window.cornerstone.metaData.get('imagePlaneModule', id);
          }),
        };
      }
      return kept[viewport.id].planes;
    };
  })();

  var located = null; // { point, frameOfReferenceUID }

  function locate(source, point) {
    located = { point: point, frameOfReferenceUID: source.getFrameOfReferenceUID() };
    var followed = 0;
    allViewports().forEach(function (viewport) {
      if (viewport.id === source.id || !located.frameOfReferenceUID) return;
      if (viewport.getFrameOfReferenceUID() !== located.frameOfReferenceUID) return;
      followed += 1;
      if (isStack(viewport)) {
        var place = nearestPlane(point, planesOf(viewport));
        if (place >= 0 && place !== viewport.getTargetImageIdIndex()) viewport.setImageIdIndex(place).then(draw, draw);
      } else if (typeof viewport.jumpToWorld === 'function') {
        viewport.jumpToWorld(point);
      }
    });
    draw();
    return followed;
  }

  function draw() {
    window.cornerstoneTools.utilities.triggerAnnotationRenderForViewportIds(
      allViewports().map(function (viewport) {
        return viewport.id;
      }),
    );
  }

  function forget() {
    located = null;
    draw();
  }

  // Whether the image that a viewport shows is the one that holds the point.
  function holdsPoint(viewport) {
    if (!located || viewport.getFrameOfReferenceUID() !== located.frameOfReferenceUID) return false;
    if (isStack(viewport)) return nearestPlane(located.point, planesOf(viewport)) === viewport.getCurrentImageIdIndex();
    return !!viewport.viewPlaneNormal || typeof viewport.jumpToWorld === 'function';
  }

  var GAP = 12; // CSS pixels left free around the point itself
  var STYLE = { color: 'rgb(255, 213, 79)', lineWidth: 1.5 };

  // The class can only be made once OHIF has brought cornerstone.
  function pointLocator(tell) {
    var tools = window.cornerstoneTools;

    function PointLocator(properties, defaults) {
      var tool = Reflect.construct(
        tools.AnnotationDisplayTool,
        [properties || {}, defaults || { supportedInteractionTypes: ['Mouse', 'Touch'], configuration: {} }],
        PointLocator,
      );
      tool.preMouseDownCallback = follow;
      tool.mouseDragCallback = follow;
      tool.touchDragCallback = follow;
      tool.preTouchStartCallback = follow;
      tool.onSetToolPassive = forget;
      tool.renderAnnotation = render;
      return tool;
    }
    PointLocator.prototype = Object.create(tools.AnnotationDisplayTool.prototype, { constructor: { value: PointLocator } });
    Object.setPrototypeOf(PointLocator, tools.AnnotationDisplayTool);
    PointLocator.toolName = 'PointLocator';

    function follow(event) {
      var detail = event.detail;
      var source = window.cornerstone.getEnabledElement(detail.element).viewport;
      var followed = locate(source, detail.currentPoints.world);
      if (!followed && event.type !== 'CORNERSTONE_TOOLS_MOUSE_DRAG') tell(allViewports().length > 1);
      return true;
    }

    function render(enabledElement, helper) {
      var viewport = enabledElement.viewport;
      if (!holdsPoint(viewport)) return false;
      var at = viewport.worldToCanvas(located.point);
      var width = viewport.canvas.clientWidth, height = viewport.canvas.clientHeight;
      [
        [[0, at[1]], [at[0] - GAP, at[1]]],
        [[at[0] + GAP, at[1]], [width, at[1]]],
        [[at[0], 0], [at[0], at[1] - GAP]],
        [[at[0], at[1] + GAP], [at[0], height]],
      ].forEach(function (line, number) {
        tools.drawing.drawLine(helper, 'cloudfilm-point', 'line' + number, line[0], line[1], STYLE);
      });
      return true;
    }
    return PointLocator;
  }

  // ---- how exams hang -----------------------------------------------------------------------------------------------------------------------
  var SAME_FRAME_OF_REFERENCE = { type: 'hydrateseg', id: 'sameFORId', source: true, target: true };
  var NO_DOCUMENT = { attribute: 'Modality', constraint: { doesNotEqual: { value: 'DOC' } }, required: true };
  // Images before documents and scouts; OHIF's greaterThan means "at least".
  var FIRST_SERIES = [
    { weight: 10, attribute: 'numImageFrames', constraint: { greaterThan: { value: 0 } } },
    { weight: 5, attribute: 'numImageFrames', constraint: { greaterThan: { value: 2 } } },
    { weight: 20, attribute: 'isDisplaySetFromUrl', constraint: { equals: true } },
    NO_DOCUMENT,
  ];

  function viewportOf(selector, place, number) {
    return {
      viewportOptions: {
        viewportType: 'stack',
        viewportId: number === undefined ? 'default' : 'pane-' + number,
        toolGroupId: 'default',
        allowUnmatchedView: true,
        initialImageOptions: { preset: 'middle' },
        syncGroups: [SAME_FRAME_OF_REFERENCE],
      },
      displaySets: [place ? { id: selector, matchedDisplaySetsIndex: place } : { id: selector }],
    };
  }

  function grid(name, rows, columns, viewports) {
    return {
      name: name,
      stageActivation: { enabled: { minViewportsMatched: viewports.length } },
      viewportStructure: { layoutType: 'grid', properties: { rows: rows, columns: columns } },
      viewports: viewports,
    };
  }

  // The largest of 2x2, 1x2 and 1x1 that the exam's series fill, up to `most`.
  function stages(most) {
    return [
      [2, 2],
      [1, 2],
      [1, 1],
    ]
      .filter(function (size) {
        return size[0] * size[1] <= most;
      })
      .map(function (size) {
        var viewports = [];
        for (var place = 0; place < size[0] * size[1]; place += 1) viewports.push(viewportOf('first', place, place ? place : undefined));
        return grid(size[0] + 'x' + size[1], size[0], size[1], viewports);
      });
  }

  function protocol(id, name, rules, selectors, itsStages, priors) {
    return {
      id: id,
      locked: true,
      name: name,
      protocolMatchingRules: rules,
      toolGroupIds: ['default'],
      numberOfPriorsReferenced: priors || 0,
      defaultViewport: {
        viewportOptions: { viewportType: 'stack', toolGroupId: 'default', allowUnmatchedView: true, syncGroups: [SAME_FRAME_OF_REFERENCE] },
        displaySets: [{ id: Object.keys(selectors)[0], matchedDisplaySetsIndex: -1 }],
      },
      displaySetSelectors: selectors,
      stages: itsStages,
    };
  }

  function ofModality(modality, most) {
    return protocol(
      'cloudfilm-' + modality.toLowerCase(),
      'CloudFilm ' + modality,
      [{ weight: 10, attribute: 'ModalitiesInStudy', constraint: { contains: modality }, required: true }],
      { first: { seriesMatchingRules: FIRST_SERIES } },
      stages(most),
    );
  }

  function seriesOfStudy(place) {
    var rule = { attribute: 'studyInstanceUIDsIndex', from: 'options', required: true, constraint: { equals: { value: place } } };
    return { studyMatchingRules: [rule], seriesMatchingRules: FIRST_SERIES };
  }

  // The exam that was opened on the left, the earlier one on the right.
  var COMPARISON = protocol(
    'cloudfilm-compare',
    'CloudFilm compare',
    [{ weight: 1000, attribute: 'StudyInstanceUID', from: 'prior', required: true, constraint: { notNull: true } }],
    { current: seriesOfStudy(0), earlier: seriesOfStudy(1) },
    [grid('1x2', 1, 2, [viewportOf('current', 0), viewportOf('earlier', 0, 1)])],
    1,
  );

  var ANY = protocol(
    'cloudfilm',
    'CloudFilm',
    [{ weight: 1, attribute: 'StudyInstanceUID', constraint: { notNull: true } }],
    { first: { seriesMatchingRules: FIRST_SERIES } },
    stages(1),
  );

  var PROTOCOLS = [COMPARISON, ofModality('CT', 2), ofModality('MR', 4), ofModality('DX', 2), ofModality('CR', 2), ofModality('US', 4), ANY];
  var OHIF_MAMMOGRAPHY = '@ohif/hpMammo'; // RCC, LCC, RMLO, LMLO

  // ---- the toolbar --------------------------------------------------------------------------------------------------------------------------
  function buttons(say) {
    function tool(id, icon, chinese, english, commands, evaluate) {
      var label = say(chinese, english);
      return { id: id, uiType: 'ohif.toolButton', props: { icon: icon, label: label, tooltip: label, commands: commands, evaluate: evaluate } };
    }
    var active = { commandName: 'setToolActiveToolbar', commandOptions: { toolGroupIds: ['default'] } };
    var synchronizer = ['evaluate.cloudfilm.linked'];
    return [
      tool('PointLocator', 'tool-crosshair', '多序列定位（在一个序列上点击，其他序列翻到同一位置）', 'Locate a point in all series', active, 'evaluate.cornerstoneTool'),
      tool('LinkScroll', 'link', '联动翻页', 'Link scrolling', { commandName: 'toggleSynchronizer', commandOptions: { type: 'imageSlice' } }, synchronizer),
      tool('LinkWindow', 'icon-tool-window-region', '联动窗宽窗位', 'Link window/level', { commandName: 'toggleSynchronizer', commandOptions: { type: 'voi' } }, synchronizer),
      tool('flipVertical', 'tool-flip-horizontal', '垂直翻转', 'Flip Vertically', 'flipViewportVertical', ['evaluate.viewportProperties.toggle']),
    ];
  }

  var SECTIONS = {
    primary: [
      'WindowLevel', 'Pan', 'Zoom', 'Magnify', 'StackScroll', 'PointLocator', 'LinkScroll', 'LinkWindow', 'MeasurementTools', 'invert',
      'Layout', 'Crosshairs', 'Reset', 'Capture', 'MoreTools',
    ],
    MeasurementTools: [
      'Length', 'Angle', 'Bidirectional', 'EllipticalROI', 'RectangleROI', 'CircleROI', 'PlanarFreehandROI', 'SplineROI', 'LivewireContour',
      'Probe', 'CobbAngle', 'ArrowAnnotate',
    ],
    MoreTools: [
      'rotate-right', 'flipHorizontal', 'flipVertical', 'ReferenceLines', 'Cine', 'ImageOverlayViewer', 'AdvancedMagnify', 'WindowLevelRegion',
      'CalibrationLine', 'UltrasoundDirectionalTool', 'TagBrowser', 'TrackballRotate',
    ],
  }; // prettier-ignore

  // Measurements first: their table is what the panel is opened for.
  var RIGHT_PANELS = [
    '@ohif/extension-measurement-tracking.panelModule.trackedMeasurements',
    '@ohif/extension-cornerstone.panelModule.panelSegmentation',
  ];

  // ---- the visit ----------------------------------------------------------------------------------------------------------------------------
  var RENEWAL = '/images/renewal';
  var EVERY_MS = 30000;
  var IDLE_MS = 15 * 60 * 1000; // a viewer that nobody touches lets its visit run out

  // Keeps the visit going while somebody reads, and says at once when it has been ended. Gives the hospital's name.
  function keepVisit(ended) {
    var touched = Date.now(), begun = false, over = false;
    ['pointerdown', 'pointermove', 'wheel', 'keydown', 'touchstart'].forEach(function (kind) {
      window.addEventListener(kind, function () { touched = Date.now(); }, { capture: true, passive: true });
    });
    function renew() {
      if (over || Date.now() - touched > IDLE_MS) return Promise.resolve('');
      return fetch(RENEWAL, { cache: 'no-store', credentials: 'same-origin' }).then(
        function (answer) {
          if (answer.ok) {
            begun = true;
            return answer.json().then(
              function (visit) { return visit.hospital_name; },
              function () { return ''; }, // a page of somebody's proxy
            );
          }
          // Members of staff and other tokens have no visit: their requests are answered for themselves.
          if (begun && (answer.status === 401 || answer.status === 404)) {
            over = true;
            ended();
          }
          // An answer that nobody reads keeps its connection.
          return answer.text().then(
            function () { return ''; },
            function () { return ''; },
          );
        },
        function () { return ''; }, // the line is cut: the next time
      );
    }
    setInterval(renew, EVERY_MS);
    document.addEventListener('visibilitychange', function () {
      if (!document.hidden) renew();
    });
    return renew();
  }

  function extension(say) {
    return {
      id: 'cloudfilm',
      getHangingProtocolModule: function () {
        return PROTOCOLS.map(function (one) {
          return { name: one.id, protocol: one };
        });
      },
      // OHIF's own evaluation keeps a button lit once another link is on.
      getToolbarModule: function (parts) {
        return [
          {
            name: 'evaluate.cloudfilm.linked',
            evaluate: function (asked) {
              var type = asked.button.props.commands.commandOptions.type;
              var groups = parts.servicesManager.services.syncGroupService;
              var own = groups.getSynchronizersForViewport(asked.viewportId) || [];
              var linked = (groups.getSynchronizersOfType(type) || []).some(function (one) {
                return own.indexOf(one) >= 0 && !one.isDisabled();
              });
              return { isActive: linked, className: linked ? '!text-primary' : '!text-foreground/80 hover:!bg-muted hover:text-highlight' };
            },
          },
        ];
      },
      // Extensions enter a mode before the mode makes its tool groups.
      onModeEnter: function (parts) {
        if (window.cornerstoneTools.state && window.cornerstoneTools.state.tools.PointLocator) return;
        var notifications = parts.servicesManager.services.uiNotificationService;
        window.cornerstoneTools.addTool(
          pointLocator(function (hasOthers) {
            notifications.show({
              title: say('多序列定位', 'Locate a point'),
              message: hasOthers
                ? say('其他序列与此序列不在同一坐标系，无法定位。', 'The other series do not share this series’ coordinates.')
                : say('请先并排打开两个以上的序列。', 'Show two or more series side by side first.'),
              type: 'info',
              duration: 4000,
            });
          }),
        );
      },
    };
  }

  function mode(say) {
    return {
      hangingProtocol: {
        $set: PROTOCOLS.map(function (one) {
          return one.id;
        }).concat(OHIF_MAMMOGRAPHY),
      },
      routes: { 0: { layoutInstance: { props: { rightPanels: { $set: RIGHT_PANELS } } } } },
      toolbarButtons: { $push: buttons(say) },
      toolbarSections: { $push: [SECTIONS] },
      toolGroupAdditions: { default: { $push: [{ passive: [{ toolName: 'PointLocator' }] }] } },
    };
  }

  window.cloudfilmReading = { extension: extension, mode: mode, keepVisit: keepVisit, nearestPlane: nearestPlane };
})();
