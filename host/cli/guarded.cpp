#include "host/cli/guarded.hpp"

#include <cstdio>
#include <string>

#include "host/base/exit_code.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/issue.hpp"
#include "host/base/text.hpp"
#include "host/cli/command_line.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

int failed(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "error: %s\n", shown(message).c_str());
  return code;
}

}  // namespace

int guarded(const std::function<int()>& body) {
  try {
    return body();
  } catch (const UsageError& error) {
    return failed(kExitUsage, error.what());
  } catch (const PipelineError& error) {
    for (const auto& issue : error.issues()) failed(kExitInvalidPipeline, issue_text(issue));
    return kExitInvalidPipeline;
  } catch (const PluginError& error) {
    return failed(kExitPlugin, error.what());
  } catch (const Interrupted& error) {
    std::fprintf(stderr, "interrupted: %s\n", shown(error.what()).c_str());
    return kExitInterrupted;
  } catch (const std::exception& error) {
    return failed(kExitRunFailed, without_trace(error.what()));
  } catch (...) {
    return failed(kExitRunFailed, "an exception that is not a std::exception, of unknown origin");
  }
}

}  // namespace kindred::host
