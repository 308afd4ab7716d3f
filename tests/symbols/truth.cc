// SPDX-License-Identifier: MIT
// Writes that say which function and line makes them: of C++.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

#define SAY(function) say(function, __LINE__)
#define say(function, line)                                                                        \
    do {                                                                                           \
        std::string text_ =                                                                        \
            std::string(function) + " truth.cc:" + std::to_string(line) + "\n";                    \
        if (write(1, text_.data(), text_.size()) < 0)                                              \
            _exit(1);                                                                              \
    } while (0)

namespace disk {
template <typename T> class Store {
  public:
    __attribute__((noinline)) void put(T value)
    {
        values.push_back(value);
        SAY("disk::Store<int>::put");
    }
    __attribute__((noinline)) virtual void flush()
    {
        SAY("disk::Store<int>::flush");
    }
    virtual ~Store() = default;

  private:
    std::vector<T> values;
};
} // namespace disk

__attribute__((noinline)) static void throws(int i)
{
    if (i % 2)
        throw std::runtime_error("odd");
    SAY("throws");
}

int main()
{
    disk::Store<int> store;

    for (int i = 0; i < 10; i++) {
        store.put(i);
        try {
            throws(i);
        } catch (const std::exception &) {
            SAY("main");
        }
    }
    store.flush();
    return 0;
}
