// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The code of Switching.md, which does what the article says.

import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct SwitchingArticleTests {
    @Test func theExamplesDoWhatTheySay() async {
        await onThread {
            var printed: [String] = []
            func print(_ text: Any) { printed.append("\(text)") }

            let main = RawGreenlet.current
            let adder = RawGreenlet { first in
                var sum = 0
                var received = first
                while let number = received as? Int {
                    sum += number
                    received = try main.switch(sum)
                }
                return "sum \(sum)"
            }
            try #expect(adder.switch(1) as? Int == 1)
            try #expect(adder.switch(10) as? Int == 11)
            let last = try adder.switch()
            #expect(last as? String == "sum 11")

            let parent = RawGreenlet { received in "parent of \(received as? String ?? "nobody")" }
            let child = RawGreenlet(parent: parent) { _ in "child" }
            let result = try child.switch(nil)
            #expect(result as? String == "parent of child")

            var greenlet: RawGreenlet? = RawGreenlet {
                defer { print("cleaned up") }
                try main.switch()
            }
            try greenlet?.switch()
            greenlet = nil
            #expect(printed == [])
            _ = RawGreenlet {}
            #expect(printed == ["cleaned up"])

            var events: [String] = []
            RawGreenlet.setTracer { event in events.append("\(event.kind)") }
            try RawGreenlet {}.switch()
            RawGreenlet.setTracer(nil)
            #expect(events == ["switch", "switch"])
        }
    }
}
