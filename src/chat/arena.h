// Memory of one parsed template or of one rendering: taken piece by piece, given back all at once, never
// beyond a budget.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chat/failure.h"

namespace riposte::chat {

// Every allocation of a template is charged here, so the budget bounds intermediate strings and lists too.
// Raises kTooLarge beyond it. Pointers stay valid until the arena is destroyed.
class Arena {
 public:
  explicit Arena(size_t budget_bytes) : budget_bytes_(budget_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Counts bytes that live elsewhere (growing output) against the same budget.
  void charge(size_t bytes) {
    if (bytes > budget_bytes_ - used_bytes_) {
      raise(ErrorCode::kTooLarge, "needs more than {} bytes of memory; shorten the input or the template",
            budget_bytes_);
    }
    used_bytes_ += bytes;
  }

  void* allocate(size_t bytes) {
    bytes = bytes > SIZE_MAX - kAlignment ? SIZE_MAX : (bytes + kAlignment - 1) / kAlignment * kAlignment;
    charge(bytes);
    if (bytes > left_) add_chunk(bytes);
    std::byte* memory = next_;
    next_ += bytes;
    left_ -= bytes;
    return memory;
  }

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    return new (allocate(sizeof(T))) T{std::forward<Args>(args)...};
  }

  // `count` default-constructed elements.
  template <class T>
  std::span<T> array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    if (count == 0) return {};
    if (count > SIZE_MAX / sizeof(T)) charge(SIZE_MAX);
    T* data = static_cast<T*>(allocate(count * sizeof(T)));
    std::uninitialized_default_construct_n(data, count);
    return {data, count};
  }

  template <class T>
  std::span<const T> copy(const std::vector<T>& source) {
    std::span<T> target = array<T>(source.size());
    std::copy(source.begin(), source.end(), target.begin());
    return target;
  }

  std::string_view copy(std::string_view source) {
    if (source.empty()) return {};
    char* data = static_cast<char*>(allocate(source.size()));
    std::memcpy(data, source.data(), source.size());
    return {data, source.size()};
  }

 private:
  static constexpr size_t kAlignment = 8;
  static constexpr size_t kFirstChunk = size_t{16} << 10;
  static constexpr size_t kLargestChunk = size_t{1} << 20;

  void add_chunk(size_t bytes) {
    const size_t size = std::max(bytes, chunk_size_);
    chunk_size_ = std::min(2 * chunk_size_, kLargestChunk);
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
    next_ = chunks_.back().get();
    left_ = size;
  }

  size_t budget_bytes_;
  size_t used_bytes_ = 0;
  size_t chunk_size_ = kFirstChunk;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
};

// A list that grows inside an arena.
template <class T>
class ArenaVector {
 public:
  void push_back(Arena& arena, const T& value) {
    if (size_ == capacity_) {
      const size_t capacity = capacity_ ? 2 * capacity_ : 8;
      std::span<T> larger = arena.array<T>(capacity);
      std::copy(data_, data_ + size_, larger.data());
      data_ = larger.data();
      capacity_ = capacity;
    }
    data_[size_++] = value;
  }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  size_t size() const { return size_; }
  std::span<const T> view() const { return {data_, size_}; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace riposte::chat
