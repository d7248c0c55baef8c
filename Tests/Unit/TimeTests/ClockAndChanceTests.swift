import TestRandom
import Testing
import Time

@Suite struct ClockAndChanceTests {
    @Test("the system's clock reads the time of day in whole milliseconds") func systemClock() {
        let now = ClockAndChance.system.now()
        #expect(now > Timestamp(seconds: 1_700_000_000))
        #expect(now.nanoseconds % 1_000_000 == 0)
    }

    @Test("a fraction is never 1, whatever the random bits") func fractions() {
        #expect(ClockAndChance(random: { 0 }).fraction() == 0)
        #expect(ClockAndChance(random: { 1 << 63 }).fraction() == 0.5)
        #expect(ClockAndChance(random: { .max }).fraction() == 1 - 0x1p-53)
    }

    @Test("a UUID has its version and its variant, and 122 random bits") func uuids() {
        #expect(ClockAndChance(random: { 0 }).uuid() == "00000000-0000-4000-8000-000000000000")
        #expect(ClockAndChance(random: { .max }).uuid() == "ffffffff-ffff-4fff-bfff-ffffffffffff")
        var random = SeededGenerator(seed: 1)
        #expect(random.uuid() == "910a2dec-8902-4cc1-beeb-8da1658eec67")
        #expect(ClockAndChance.system.uuid() != ClockAndChance.system.uuid())
    }

    @Test("a sleep until a time in the past returns at once, and a cancelled one throws") func sleeping() async throws {
        try await ClockAndChance.system.sleep(Timestamp(seconds: 0))
        let task = Task { try await ClockAndChance.system.sleep(.now().advanced(byMilliseconds: 3_600_000)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
