// The map of words as an element of NiceGUI: hands data from Python to the viewer of wordkin.plots, and choices back.
import { WordMap } from "wordkin-word-map";

export default {
  template: "<div></div>",
  mounted() {
    this.map = new WordMap(this.$el, { onWord: (index) => this.$emit("word", index) });
    this.$el.wordMap = this.map;
    this.$emit("ready");
  },
  unmounted() {
    this.map?.destroy();
  },
  methods: {
    setData(data) { this.map.setData(data); },
    setGroups(groups) { this.map.setGroups(groups); },
    mark(marks) { this.map.mark(marks); },
    zoom(factor) { this.map.zoom(factor); },
    reset() { this.map.reset(); },
    picture() { return this.map.picture(); },
  },
};
