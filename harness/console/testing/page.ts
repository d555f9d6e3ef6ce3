/** The page of the contract suite: a box to type in, a button that paints a square, a field that tells of each click. */
export const CONTRACT_PAGE = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; height: 100vh; overflow: hidden; background: #204060; cursor: none }
  input, button, div { position: absolute; box-sizing: border-box; margin: 0; border: 0 }
  input { left: 100px; top: 100px; width: 600px; height: 40px; font: 16px monospace; caret-color: transparent }
  button { left: 100px; top: 200px; width: 80px; height: 40px; background: #c0c0c0 }
  #square { left: 500px; top: 300px; width: 150px; height: 90px; background: #204060 }
  #field { left: 300px; top: 500px; width: 300px; height: 200px; background: #208040 }
</style><input id="box" autofocus spellcheck="false" autocomplete="off"><button id="paint"></button>
<div id="square"></div><div id="field"></div><script>
  const say = (what) => fetch('/say', { method: 'POST', body: JSON.stringify(what) });
  let red = false;
  paint.onclick = () => { red = !red; square.style.background = red ? '#ff0000' : '#204060'; };
  box.onkeydown = (event) => {
    if (event.key === 'Tab') { event.preventDefault(); say({ typed: box.value }); }
  };
  field.onmousedown = ({ clientX, clientY, button, buttons }) => say({ down: [clientX, clientY, button, buttons] });
  field.onmouseup = ({ clientX, clientY, button }) => say({ up: [clientX, clientY, button] });
  oncontextmenu = () => false;
  say({ ready: true });
</script>`;
