// Draws the last day of readings into a canvas, with the red line of the pier.

const PIER_MARK = 140;
const MINUTES = 24 * 60;

/** Readings out of the text of the file: one `minute level` a line, others left out. */
export function parse(text) {
  const readings = [];
  for (const line of text.split("\n")) {
    const found = /^(\d+) (\d+)$/.exec(line.trim());
    if (found) {
      readings.push({ minute: Number(found[1]), level: Number(found[2]) });
    }
  }
  return readings;
}

/** Draw `readings` over the whole canvas; the highest level or the red line is the top. */
export function draw(canvas, readings) {
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  const top = Math.max(PIER_MARK, ...readings.map((reading) => reading.level)) * 1.1;
  const x = (minute) => (minute / MINUTES) * width;
  const y = (level) => height - (level / top) * height;

  context.clearRect(0, 0, width, height);
  context.strokeStyle = "firebrick";
  context.beginPath();
  context.moveTo(0, y(PIER_MARK));
  context.lineTo(width, y(PIER_MARK));
  context.stroke();

  context.strokeStyle = "steelblue";
  context.beginPath();
  for (const [index, reading] of readings.entries()) {
    const point = [x(reading.minute), y(reading.level)];
    if (index === 0) {
      context.moveTo(...point);
    } else {
      context.lineTo(...point);
    }
  }
  context.stroke();
}
