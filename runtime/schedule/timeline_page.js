/* Draws the timeline of a page (timeline_html.c) and lets it be zoomed and asked. The data are
   arrays: a span is [lane, kernel, start, length, planned start, planned length, bytes, critical],
   a gap [lane, cause, span, start, length], times in ns from the axis's begin, -1 where unknown. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const chart = document.getElementById("chart");
  const box = document.getElementById("box");
  const SPACE = "http://www.w3.org/2000/svg";
  const BAR = 22, PLAN = 9, ROW_GAP = 8, DEVICE = 26, FLOW = 44, AXIS = 40, RIGHT = 12;
  const UNITS = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];
  const KINDS = ["", "kernel", "host task", "transfer"];
  const LANE = 0, KERNEL = 1, START = 2, LENGTH = 3, PLANNED = 4, PLANNED_LENGTH = 5, BYTES = 6;
  const CRITICAL = 7;
  const both = data.measured && data.spans.some(s => s[PLANNED] >= 0);
  const before = data.spans.map(() => []), after = data.spans.map(() => []);
  data.edges.forEach(([from, to]) => { before[to].push(from); after[from].push(to); });

  const make = (kind, into, attributes = {}) => {
    const made = document.createElementNS(SPACE, kind);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    return into.appendChild(made);
  };
  const unitOf = ns => UNITS.find(unit => Math.abs(ns) >= unit[1]) || UNITS[3];
  const time = ns => {
    const [name, size] = unitOf(ns);
    return `${+(ns / size).toPrecision(4)} ${name}`;
  };
  const bytes = n => n < 1e3 ? `${n} B` : n < 1e6 ? `${+(n / 1e3).toPrecision(4)} kB`
    : `${+(n / 1e6).toPrecision(4)} MB`;
  const nameOf = span => data.kernels[data.spans[span][KERNEL]][0];
  const placeOf = lane => data.lanes[lane][1] === "" ? data.lanes[lane][0]
    : `${data.lanes[lane][1]}, ${data.lanes[lane][0]}`;

  const svg = make("svg", chart, {tabindex: 0, role: "img",
    "aria-label": "Timeline: arrows move, plus and minus zoom, 0 shows all, n and p go from span "
      + "to span"});
  const defs = make("defs", svg);
  const clip = make("rect", make("clipPath", defs, {id: "clip"}), {y: 0});
  const marker = make("marker", defs, {id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4,
    markerWidth: 6.5, markerHeight: 6.5, orient: "auto", markerUnits: "userSpaceOnUse"});
  make("path", marker, {d: "M0 .8L8 4L0 7.2z", class: "head"});
  const rows = make("g", svg), grid = make("g", svg), labels = make("g", svg);
  const plot = make("g", svg, {"clip-path": "url(#clip)"});
  const gaps = make("g", plot), flow = make("path", plot, {class: "flow"});
  const spans = make("g", plot), marks = make("g", plot), names = make("g", plot);
  const arrows = make("g", plot);

  /* Where lanes are: top of the plan's thin bars, top of the bars. */
  const planY = [], barY = [];
  let bottom = 4;
  data.order.forEach((lane, i) => {
    const device = data.lanes[lane][1];
    if (device !== "" && (i === 0 || data.lanes[data.order[i - 1]][1] !== device)) {
      make("text", labels, {x: 0, y: bottom + 18, class: "device"}).textContent = device;
      bottom += DEVICE;
    }
    planY[lane] = bottom + 3;
    barY[lane] = bottom + 3 + (both ? PLAN + 2 : 0);
    bottom = barY[lane] + BAR + ROW_GAP - 3;
  });
  const moves = data.spans.filter(s => s[BYTES] > 0 && s[START] >= 0);
  const flowTop = bottom + 4;
  if (moves.length) bottom += FLOW + 8;
  const height = bottom + AXIS;
  svg.setAttribute("height", height);

  let from = 0, to = data.length || 1, left = 0, width = 1, held = -1;
  const x = ns => left + (ns - from) / (to - from) * width;

  const gapShapes = data.gaps.map(([lane, cause], i) => make("rect", gaps,
    {class: `gap c${cause}`, "data-gap": i, y: barY[lane] + BAR / 2 - 4, height: 8}));
  const shapes = [];
  data.spans.forEach((span, i) => {
    const colour = data.kernels[span[KERNEL]][2], lane = span[LANE];
    if (both && span[PLANNED] >= 0)
      shapes.push([make("rect", spans, {class: `plan k${colour}`, "data-span": i,
        y: planY[lane], height: PLAN}), span[PLANNED], span[PLANNED_LENGTH]]);
    if (span[START] >= 0)
      shapes.push([make("rect", spans, {class: `span k${colour}`, "data-span": i,
        y: barY[lane], height: BAR}), span[START], span[LENGTH]]);
  });
  const markShapes = data.spans.filter(s => s[CRITICAL] && s[START] >= 0).map(s =>
    [make("rect", marks, {class: "mark"}), s[START], s[LENGTH], s[LANE]]);

  const place = (shape, start, length) => {
    const begin = Math.max(x(start), left - 9);
    const end = Math.min(x(start + length), left + width + 9);
    const seen = end >= left - 8 && begin <= left + width + 8;
    shape.style.display = seen ? "" : "none";
    if (!seen) return;
    shape.setAttribute("x", begin.toFixed(2));
    shape.setAttribute("width", Math.max(end - begin, .8).toFixed(2));
  };

  /* Where an outline would hide a bar, the critical path is a line below it. */
  const placeMark = ([shape, start, length, lane]) => {
    const isThin = length / (to - from) * width < 7;
    shape.classList.toggle("thin", isThin);
    shape.setAttribute("y", barY[lane] + (isThin ? BAR - 1 : 0));
    shape.setAttribute("height", isThin ? 4 : BAR);
    place(shape, start, length);
  };

  const drawNames = () => {
    names.replaceChildren();
    data.spans.forEach(span => {
      const begin = Math.max(x(span[START]), left);
      const end = Math.min(x(span[START] + span[LENGTH]), left + width);
      const [name, , colour] = data.kernels[span[KERNEL]];
      if (span[START] < 0 || end - begin < name.length * 6.4 + 8) return;
      make("text", names, {x: (begin + end) / 2, y: barY[span[LANE]] + BAR / 2 + 4,
        class: `name n${colour}`}).textContent = name;
    });
  };

  const drawAxis = () => {
    grid.replaceChildren();
    const least = (to - from) / Math.max(width / 90, 1);
    const power = 10 ** Math.floor(Math.log10(least));
    const step = power * ([1, 2, 5].find(times => times * power >= least) || 10);
    const [unit, size] = unitOf(Math.max(to - from, step));
    const digits = Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9));
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to * (1 + 1e-12); i++) {
      const at = x(i * step).toFixed(1);
      make("path", grid, {class: "grid", d: `M${at} 0V${bottom}`});
      make("text", grid, {x: at, y: bottom + 16, class: "soft", "text-anchor": "middle"})
        .textContent = (i * step / size).toFixed(digits);
    }
    make("text", grid, {x: left + width / 2, y: bottom + 34, class: "soft",
      "text-anchor": "middle"}).textContent = `time (${unit})`;
  };

  /* Bytes of the transfers under way: steps up where one begins, down where it ends. */
  const steps = moves.flatMap(s => [[s[START], s[BYTES]],
    [s[START] + Math.max(s[LENGTH], 1), -s[BYTES]]]).sort((a, b) => a[0] - b[0]);
  let sum = 0;
  const levels = steps.map(([at, change]) => [at, sum += change]);
  const most = Math.max(1, ...levels.map(level => level[1]));
  const drawFlow = () => {
    const base = flowTop + FLOW;
    const y = level => (base - level / most * (FLOW - 14)).toFixed(1);
    let path = `M${left - 9} ${base}`, last = 0;
    levels.forEach(([at, level]) => {
      const column = Math.min(Math.max(x(at), left - 9), left + width + 9).toFixed(2);
      path += `L${column} ${y(last)}L${column} ${y(level)}`;
      last = level;
    });
    flow.setAttribute("d", levels.length ? `${path}V${base}Z` : "");
  };

  const draw = () => {
    shapes.forEach(([shape, start, length]) => place(shape, start, length));
    gapShapes.forEach((shape, i) => place(shape, data.gaps[i][3], data.gaps[i][4]));
    markShapes.forEach(placeMark);
    drawNames();
    drawAxis();
    drawFlow();
    drawArrows();
  };

  const drawArrow = (one, other, kind) => {
    const a = data.spans[one], b = data.spans[other];
    if (a[START] < 0 || b[START] < 0) return;
    const x0 = x(a[START] + a[LENGTH]), x1 = x(b[START]);
    const y0 = barY[a[LANE]] + BAR / 2, y1 = barY[b[LANE]] + BAR / 2;
    const bend = Math.min(Math.max((x1 - x0) / 2, 14), 90);
    make("path", arrows, {class: `arrow ${kind}`, "marker-end": "url(#head)",
      d: `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`});
  };
  const drawArrows = () => {
    arrows.replaceChildren();
    if (held < 0) return;
    before[held].forEach(span => drawArrow(span, held, "from"));
    after[held].forEach(span => drawArrow(held, span, "to"));
  };

  const lines = rows => {
    const list = document.createElement("dl");
    rows.filter(row => row).forEach(([term, text]) => {
      list.appendChild(document.createElement("dt")).textContent = term;
      list.appendChild(document.createElement("dd")).textContent = text;
    });
    return list;
  };
  const some = list => {
    const words = [...new Set(list.map(nameOf))];
    return words.length > 4 ? `${words.slice(0, 4).join(", ")} and ${words.length - 4} more`
      : words.join(", ");
  };
  const tellSpan = i => {
    const s = data.spans[i], kind = KINDS[data.kernels[s[KERNEL]][1]];
    const ratio = s[PLANNED] >= 0 && s[PLANNED_LENGTH] > 0 && both
      ? ` (measured ${+(s[LENGTH] / s[PLANNED_LENGTH]).toPrecision(3)} times that)` : "";
    return [nameOf(i), lines([
      ["what", kind + (s[CRITICAL] ? ", on the critical path" : "")],
      ["where", placeOf(s[LANE])],
      s[START] >= 0 && ["start", time(s[START])],
      s[START] >= 0 && [data.measured ? "took" : "takes", time(s[LENGTH])],
      both && s[PLANNED] >= 0 && ["predicted", time(s[PLANNED_LENGTH]) + ratio],
      s[BYTES] > 0 && ["moved", bytes(s[BYTES])],
      before[i].length && ["waited for", some(before[i])],
      after[i].length && ["waiting for it", some(after[i])]])];
  };
  const tellGap = i => {
    const [lane, cause, span, start, length] = data.gaps[i];
    const isTransfer = cause === 1 && data.kernels[data.spans[span][KERNEL]][1] !== 3;
    const why = [`waits for '${nameOf(span < 0 ? 0 : span)}'`, "waits for a transfer",
      "waits for the host", "nothing was started", "nothing left to do"][cause];
    return [`idle: ${why}`, lines([
      ["where", placeOf(lane)], ["from", time(start)], ["for", time(length)],
      cause < 3 && [isTransfer ? "output of" : "task",
        `${nameOf(span)} on ${placeOf(data.spans[span][LANE])}`],
      cause === 3 && ["next", `${nameOf(span)} on ${placeOf(data.spans[span][LANE])}`]])];
  };

  const show = ([title, list], at) => {
    const head = document.createElement("b");
    head.textContent = title;
    box.replaceChildren(head, list);
    box.hidden = false;
    const right = at.x + 16 + box.offsetWidth > innerWidth ? at.x - 16 - box.offsetWidth
      : at.x + 16;
    box.style.left = `${Math.max(right, 6)}px`;
    box.style.top = `${Math.max(Math.min(at.y + 16, innerHeight - box.offsetHeight - 6), 6)}px`;
  };
  const hold = span => {
    if (span === held) return;
    held = span;
    const near = held < 0 ? [] : [...before[held], ...after[held]];
    spans.classList.toggle("dim", near.length > 0);
    spans.querySelectorAll(".hot, .near").forEach(one => one.classList.remove("hot", "near"));
    const mark = (i, kind) => spans.querySelectorAll(`[data-span="${i}"]`)
      .forEach(one => one.classList.add(kind));
    if (held >= 0) mark(held, "hot");
    near.forEach(i => mark(i, "near"));
    drawArrows();
  };
  const letGo = () => { hold(-1); box.hidden = true; };

  const view = (begin, end) => {
    const whole = data.length || 1, shortest = Math.min(whole, 20);
    const size = Math.min(Math.max(end - begin, shortest), whole);
    from = Math.min(Math.max(begin, 0), whole - size);
    to = from + size;
    draw();
  };
  const zoom = (factor, at) => view(at - (at - from) * factor, at + (to - at) * factor);
  const under = event => {
    const edge = svg.getBoundingClientRect();
    return from + (event.clientX - edge.left - left) / width * (to - from);
  };

  svg.addEventListener("wheel", event => {
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const shift = event.deltaX / width * (to - from);
      view(from + shift, to + shift);
    } else {
      zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), under(event));
    }
  }, {passive: false});
  let grip = null;
  svg.addEventListener("pointerdown", event => {
    grip = {at: event.clientX, from, to};
    svg.setPointerCapture(event.pointerId);
    svg.classList.add("drag");
  });
  const release = () => { grip = null; svg.classList.remove("drag"); };
  svg.addEventListener("pointerup", release);
  svg.addEventListener("pointercancel", release);
  svg.addEventListener("pointermove", event => {
    if (grip) {
      const shift = (grip.at - event.clientX) / width * (grip.to - grip.from);
      view(grip.from + shift, grip.to + shift);
      return;
    }
    const {span, gap} = event.target.dataset, at = {x: event.clientX, y: event.clientY};
    hold(span === undefined ? -1 : +span);
    if (span !== undefined) show(tellSpan(+span), at);
    else if (gap !== undefined) show(tellGap(+gap), at);
    else box.hidden = true;
  });
  svg.addEventListener("pointerleave", letGo);
  svg.addEventListener("blur", letGo);
  svg.addEventListener("dblclick", () => view(0, data.length));

  /* From span to span in order of time, for keyboards. */
  const inTime = data.spans.map((s, i) => i).filter(i => data.spans[i][START] >= 0)
    .sort((a, b) => data.spans[a][START] - data.spans[b][START]);
  const step = by => {
    const next = inTime[Math.max(0, Math.min(inTime.length - 1, inTime.indexOf(held) + by))];
    if (next === undefined) return;
    const s = data.spans[next], middle = s[START] + s[LENGTH] / 2, half = (to - from) / 2;
    if (middle < from || middle > to) view(middle - half, middle + half);
    hold(next);
    const edge = svg.getBoundingClientRect();
    show(tellSpan(next), {x: edge.left + x(middle), y: edge.top + barY[s[LANE]] + BAR});
  };
  svg.addEventListener("keydown", event => {
    const tenth = (to - from) / 10, middle = (from + to) / 2;
    const act = {
      ArrowLeft: () => view(from - tenth, to - tenth),
      ArrowRight: () => view(from + tenth, to + tenth),
      "+": () => zoom(.7, middle), "=": () => zoom(.7, middle), "-": () => zoom(1 / .7, middle),
      0: () => view(0, data.length), Home: () => view(0, data.length),
      n: () => step(1), p: () => step(-1), Escape: letGo,
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });

  const layOut = () => {
    const whole = chart.clientWidth;
    left = whole < 700 ? 76 : 130;
    width = Math.max(whole - left - RIGHT, 50);
    svg.setAttribute("viewBox", `0 0 ${whole} ${height}`);
    Object.entries({x: left, width, height: bottom}).forEach(
      ([name, value]) => clip.setAttribute(name, value));
    rows.replaceChildren();
    labels.querySelectorAll(".lane").forEach(one => one.remove());
    const label = (y, text) => {
      const most = Math.floor((left - 12) / 6.4);
      make("text", labels, {x: left - 8, y, class: "lane", "text-anchor": "end"}).textContent =
        text.length > most ? `${text.slice(0, most - 1)}…` : text;
    };
    data.order.forEach(lane => {
      make("rect", rows, {class: "row", x: left, width, y: planY[lane],
        height: barY[lane] + BAR - planY[lane]});
      label(barY[lane] + BAR / 2 + 4, data.lanes[lane][0]);
    });
    if (moves.length) {
      make("rect", rows, {class: "row", x: left, width, y: flowTop, height: FLOW});
      label(flowTop + 14, "in flight");
      label(flowTop + 30, `≤ ${bytes(most)}`);
    }
    draw();
  };
  addEventListener("resize", layOut);
  document.body.classList.add("drawn");
  layOut();
})();
