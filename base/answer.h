// await_answer: waits for something that answers by calling back, once, from another thread.
//
// `begin` gets the callback and may return before or after it has been called. When no answer comes in `patience` there
// is none (nullopt); a late one is thrown away. Not on the thread that answers.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace assent {

template <typename T, typename Begin>
std::optional<T> await_answer(Begin&& begin, std::chrono::seconds patience) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> answer = promise->get_future();
  std::forward<Begin>(begin)([promise](T value) { promise->set_value(std::move(value)); });
  if (answer.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

}  // namespace assent
