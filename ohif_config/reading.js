// SPDX-License-Identifier: AGPL-3.0-or-later
// What makes OHIF a reading station: the point locator, the toolbar, the renewal of the visit. Read after hanging.js, key_images.js, windows.js and
// earlier.js and before app-config.js, which puts it together; nginx serves this file as it is. cornerstone and its tools are the two globals that
// OHIF itself sets.
(function () {
  'use strict';

  var hanging = window.cloudfilmHanging;
  var windows = window.cloudfilmWindows;

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

  // ---- three planes ------------------------------------------------------------------------------------------------------------------------
  var MPR = 'mpr'; // OHIF's protocol and its tool group are both called so
  var PLANES = 3;

  // OHIF's reformatting with its cross-hair on, by one click; by the next one back to the series.
  function threePlanes(parts) {
    var services = parts.servicesManager.services;
    var toolbar = services.toolbarService, hanging = services.hangingProtocolService;
    function isOn() {
      return hanging.getState().protocolId === MPR;
    }
    function planes() {
      var group = services.toolGroupService.getToolGroup(MPR);
      return ((group && group.getViewportIds()) || []).map(services.cornerstoneViewportService.getCornerstoneViewport, services.cornerstoneViewportService);
    }
    // The cross-hair computes its centre from volumes that are there.
    function whenShown(then) {
      if (!isOn()) return;
      var shown = planes().filter(function (viewport) {
        return viewport && viewport.getImageData && viewport.getImageData();
      });
      if (shown.length === PLANES) then();
      else requestAnimationFrame(whenShown.bind(null, then));
    }
    function toggle() {
      parts.commandsManager.run('toggleHangingProtocol', { protocolId: MPR });
      whenShown(function () {
        // On the left button: OHIF's own switch wants the Shift key with it.
        toolbar.recordInteraction({ itemId: 'Crosshairs', commands: [{ commandName: 'setToolActiveToolbar', commandOptions: { toolGroupIds: [MPR] } }] });
      });
    }
    return { toggle: toggle, isOn: isOn };
  }

  // ---- the toolbar --------------------------------------------------------------------------------------------------------------------------
  function buttons(say) {
    function tool(id, icon, chinese, english, commands, evaluate) {
      var label = say(chinese, english);
      return { id: id, uiType: 'ohif.toolButton', props: { icon: icon, label: label, tooltip: label, commands: commands, evaluate: evaluate } };
    }
    var active = { commandName: 'setToolActiveToolbar', commandOptions: { toolGroupIds: ['default'] } };
    var synchronizer = ['evaluate.cloudfilm.linked'];
    return windows.buttons(say).concat([
      { id: 'WindowPresets', uiType: 'ohif.toolButtonList', props: { buttonSection: true } },
      tool('KeyImages', 'tool-point', '关键图像（每点一次，看下一幅）', 'Key images (each click shows the next)', 'cloudfilmKeyImages', 'evaluate.action'),
      tool('ThreePlanes', 'layout-advanced-mpr', '三平面重建与十字定位线', 'Three planes with cross-hair', 'cloudfilmThreePlanes', 'evaluate.cloudfilm.planes'),
      tool('PointLocator', 'tool-crosshair', '多序列定位（在一个序列上点击，其他序列翻到同一位置）', 'Locate a point in all series', active, 'evaluate.cornerstoneTool'),
      tool('LinkScroll', 'link', '联动翻页', 'Link scrolling', { commandName: 'toggleSynchronizer', commandOptions: { type: 'imageSlice' } }, synchronizer),
      tool('LinkWindow', 'icon-tool-window-region', '联动窗宽窗位', 'Link window/level', { commandName: 'toggleSynchronizer', commandOptions: { type: 'voi' } }, synchronizer),
      tool('flipVertical', 'tool-flip-horizontal', '垂直翻转', 'Flip Vertically', 'flipViewportVertical', ['evaluate.viewportProperties.toggle']),
    ]);
  }

  var SECTIONS = {
    primary: [
      'WindowLevel', 'WindowPresets', 'Pan', 'Zoom', 'Magnify', 'StackScroll', 'PointLocator', 'LinkScroll', 'LinkWindow', 'MeasurementTools', 'invert',
      'Layout', 'ThreePlanes', 'Crosshairs', 'KeyImages', 'Reset', 'Capture', 'MoreTools',
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

  var LIT = '!text-black', UNLIT = '!text-foreground/80 hover:!bg-muted hover:text-highlight';

  // Measurements first: their table is what the panel is opened for.
  var RIGHT_PANELS = [
    '@ohif/extension-measurement-tracking.panelModule.trackedMeasurements',
    '@ohif/extension-cornerstone.panelModule.panelSegmentation',
  ];

  // ---- words beside measurements -----------------------------------------------------------------------------------------------------------
  function translateLines(parts) {
    var groups = parts.servicesManager.services.toolGroupService;
    groups.subscribe(groups.EVENTS.VIEWPORT_ADDED, function () {
      groups.getToolGroupIds().forEach(function (id) {
        var tools = groups.getToolGroup(id).toolOptions;
        Object.keys(tools).forEach(function (name) {
          var own = groups.getToolGroup(id).getToolInstance(name);
          var english = own && own.configuration && own.configuration.getTextLines;
          if (!english || english.isTranslated) return;
          own.configuration.getTextLines = function () {
            return window.cloudfilmBeside(english.apply(this, arguments));
          };
          own.configuration.getTextLines.isTranslated = true;
        });
      });
    });
  }

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
    var keyImages = null, windowMenu = null, earlierExam = null;
    function windowsOf(parts) {
      windowMenu = windowMenu || new windows.WindowMenu(parts);
      return windowMenu;
    }
    function keyImagesOf(parts) {
      keyImages = keyImages || new window.cloudfilmKeyImages.KeyImages(parts, say);
      return keyImages;
    }
    return {
      id: 'cloudfilm',
      // Before OHIF chooses how an exam hangs.
      preRegistration: function (parts) {
        Object.keys(hanging.attributes).forEach(function (name) {
          var attribute = hanging.attributes[name];
          parts.servicesManager.services.hangingProtocolService.addCustomAttribute(name, attribute[0], attribute[1]);
        });
      },
      getCommandsModule: function (parts) {
        return {
          defaultContext: 'DEFAULT',
          definitions: {
            cloudfilmKeyImages: keyImagesOf(parts).show,
            cloudfilmWindow: windowsOf(parts).set,
            cloudfilmThreePlanes: threePlanes(parts).toggle,
          },
        };
      },
      getHangingProtocolModule: function () {
        return hanging.protocols.map(function (one) {
          return { name: one.id, protocol: one };
        });
      },
      getToolbarModule: function (parts) {
        return [
          { name: 'evaluate.cloudfilm.window', evaluate: windowsOf(parts).evaluate },
          {
            name: 'evaluate.cloudfilm.planes',
            evaluate: function (asked) {
              var isOn = threePlanes(parts).isOn();
              var sets = parts.servicesManager.services.viewportGridService.getDisplaySetsUIDsForViewport(asked.viewportId) || [];
              var canBe = sets.some(function (uid) {
                var shown = parts.servicesManager.services.displaySetService.getDisplaySetByUID(uid);
                return shown && shown.isReconstructable;
              });
              return { isActive: isOn, disabled: !isOn && !canBe, className: isOn ? LIT : UNLIT };
            },
          },
          // OHIF's own evaluation keeps a button lit once another link is on.
          {
            name: 'evaluate.cloudfilm.linked',
            evaluate: function (asked) {
              var type = asked.button.props.commands.commandOptions.type;
              var groups = parts.servicesManager.services.syncGroupService;
              var own = groups.getSynchronizersForViewport(asked.viewportId) || [];
              var linked = (groups.getSynchronizersOfType(type) || []).some(function (one) {
                return own.indexOf(one) >= 0 && !one.isDisabled();
              });
              return { isActive: linked, className: linked ? LIT : UNLIT };
            },
          },
        ];
      },
      // Extensions enter a mode before the mode makes its tool groups.
      onModeEnter: function (parts) {
        keyImagesOf(parts).begin();
        translateLines(parts);
        // cornerstone would make seven at once, 0.1 s of the start without a graphics card; all views can be drawn by one, as it does on phones.
        window.cornerstone.getConfiguration().rendering.webGlContextCount = 1;
        earlierExam = new window.cloudfilmEarlier.EarlierExam(parts);
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
      onModeExit: function () {
        if (earlierExam) earlierExam.end();
      },
    };
  }

  function mode(say) {
    return {
      hangingProtocol: {
        $set: hanging.protocols.map(function (one) {
          return one.id;
        }),
      },
      routes: { 0: { layoutInstance: { props: { rightPanels: { $set: RIGHT_PANELS } } } } },
      toolbarButtons: { $push: buttons(say) },
      toolbarSections: { $push: [SECTIONS, { WindowPresets: windows.ids }] },
      toolGroupAdditions: { default: { $push: [{ passive: [{ toolName: 'PointLocator' }] }] } },
    };
  }

  window.cloudfilmReading = { extension: extension, mode: mode, keepVisit: keepVisit, nearestPlane: nearestPlane };
})();
