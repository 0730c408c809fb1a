// `./run demo`.

#include "tools/demo/generated_flow.h"

int main(int argc, char** argv) {
  ringway::flow::GeneratedFlow flow;
  return ringway::flow::ToolMain(flow, argc, argv);
}
