// `./run replay`.

#include "tools/replay/replay.h"

int main(int argc, char** argv) {
  ringway::flow::Replay flow;
  return ringway::flow::ToolMain(flow, argc, argv);
}
