namespace CubeFunctions.Core.Cube;

/// <summary>
/// How many requests are to be under way at once, learned from the answers: a little more after each good one, half after one that says
/// that there were too many, some
/// less after one that took far longer than the quickest. Pure: the clock is the caller's.
/// </summary>
/// <remarks>
/// It begins at the bound, since Cube takes that many as a rule. A number that was refused is tried again only after many good answers:
/// each refusal costs a pause. Only answers to requests that were sent after the last decrease count for the next one: those that were
/// under way together say the same thing. Slowness alone never goes below half of the bound: pages differ in size, and what is slow by
/// nature is not mended by asking less.
/// </remarks>
/// <param name="most">The bound, 1 or more.</param>
internal sealed class AdaptiveLimit(int most)
{
    /// <summary>An answer is slow when it takes so many times as long as the quickest, and longer than <see cref="NeverSlow"/>.</summary>
    private const double SlowBy = 4;

    /// <summary>The share that is left after a slow answer.</summary>
    private const double LeftWhenSlow = 0.8;

    /// <summary>Near a number that was refused it grows so many times more slowly.</summary>
    private const int Wary = 200;

    /// <summary>
    /// The quickest answer counts for less and less: a tenant that has become slower for good is not held against it for ever.
    /// </summary>
    private const double Forgetting = 1.01;

    private static readonly TimeSpan NeverSlow = TimeSpan.FromSeconds(1);

    private double _limit = most;

    /// <summary>The number that was refused last, until it is known to be taken.</summary>
    private double _refused = double.PositiveInfinity;
    private TimeSpan _quickest = TimeSpan.MaxValue;
    private DateTimeOffset _decreasedAt = DateTimeOffset.MinValue;

    /// <summary>How many requests may be under way, from 1 to the bound.</summary>
    public int Current => (int)_limit;

    /// <summary>Takes in an answer.</summary>
    /// <param name="sentAt">When its request was sent.</param>
    /// <param name="took">How long its headers took.</param>
    /// <param name="refused">Whether it says that there were too many requests.</param>
    public void Note(DateTimeOffset sentAt, TimeSpan took, bool refused)
    {
        if (refused)
        {
            var before = Current;
            _refused = Decrease(sentAt, took, 0.5, 1) ? before : _refused;
            return;
        }

        _quickest = took < _quickest || _quickest == TimeSpan.MaxValue ? took : _quickest * Forgetting;
        if (took > NeverSlow && took > _quickest * SlowBy)
        {
            Decrease(sentAt, took, LeftWhenSlow, Math.Min(_limit, most / 2.0));
        }
        else
        {
            _refused = _limit > _refused + 0.5 ? double.PositiveInfinity : _refused;
            _limit = Math.Min(most, _limit + (1 / (_limit * (_limit < _refused - 0.5 ? 1 : Wary))));
        }
    }

    private bool Decrease(DateTimeOffset sentAt, TimeSpan took, double left, double least)
    {
        if (sentAt < _decreasedAt)
        {
            return false;
        }

        (_limit, _decreasedAt) = (Math.Max(Math.Max(1, least), _limit * left), sentAt + took);
        return true;
    }
}
