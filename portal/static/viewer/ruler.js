// SPDX-License-Identifier: AGPL-3.0-or-later
// Lengths between two points of a picture.
(function (CloudFilm) {
  'use strict';

  // {value, unit, isRough}: millimetres in the patient, or at the detector (rough), or pixels where nothing is known.
  function length(line, picture) {
    var spacing = picture.spacing, dx = line.to.x - line.from.x, dy = line.to.y - line.from.y;
    if (!spacing) { return { value: Math.sqrt(dx * dx + dy * dy), unit: 'px', isRough: false }; }
    dx *= spacing[1];
    dy *= spacing[0];
    return { value: Math.sqrt(dx * dx + dy * dy), unit: 'mm', isRough: picture.spacingSource === 'detector' };
  }

  function label(line, picture) {
    var measured = length(line, picture);
    return (measured.isRough ? '≈ ' : '') + measured.value.toFixed(measured.unit === 'mm' ? 1 : 0) + ' ' + measured.unit;
  }

  // Draw lines, given in pane coordinates, with their labels.
  function draw(context, lines) {
    context.lineCap = 'round';
    context.font = '600 15px system-ui, sans-serif';
    context.textBaseline = 'middle';
    lines.forEach(function (line) {
      stroke(context, line, 'rgba(0,0,0,0.75)', 5);
      stroke(context, line, '#ffd34d', 2);
      var wide = context.measureText(line.label).width + 14;
      var x = Math.max(2, Math.min(context.boxWidth - wide - 2, Math.max(line.from.x, line.to.x) + 10));
      var y = Math.max(16, Math.min(context.boxHeight - 16, (line.from.x > line.to.x ? line.from.y : line.to.y) - 20));
      context.fillStyle = 'rgba(0,0,0,0.72)';
      context.fillRect(x, y - 13, wide, 26);
      context.fillStyle = '#ffd34d';
      context.fillText(line.label, x + 7, y + 1);
    });
  }

  function stroke(context, line, colour, width) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(line.from.x, line.from.y);
    context.lineTo(line.to.x, line.to.y);
    [line.from, line.to].forEach(function (end) {
      context.moveTo(end.x - 7, end.y);
      context.lineTo(end.x + 7, end.y);
      context.moveTo(end.x, end.y - 7);
      context.lineTo(end.x, end.y + 7);
    });
    context.stroke();
  }

  CloudFilm.ruler = { length: length, label: label, draw: draw };
})(window.CloudFilm = window.CloudFilm || {});
